"""Say how near decoded sound is to its source: arrays in, a number or a MeasureError out.

Each measure is a function `measure(reference, degraded, rate, named options)`; those that hear no
reference take `(degraded, rate)`. Conventions, as in mir_eval: `reference` comes first; both
signals are one channel [samples], floats with full scale at ±1, aligned and of one length. Nothing
resamples, shifts or cuts on its own but `score_recordings`, which takes whole recordings.

`REGISTRY` is the one table of measures (docs/measures.md shows it), `score` and `score_all` compute
by it, `register` adds to it. Beside it stand `delay` and `find_delay`; what says how one codebook
is used: `count_codes`, then `entropy`, `perplexity`, `used_share`; and `describe_content`, whether
samples are speech and where their band ends, of a whole recording by `Listener`.
"""

import vocable.measures.table  # noqa: F401 - registers what comes with the package
from vocable.measures.cepstral import mcd
from vocable.measures.checks import check_pair, check_signal
from vocable.measures.content import Content, describe_content
from vocable.measures.delays import delay, find_delay
from vocable.measures.fundamental import F0Error, f0
from vocable.measures.listener import Listener
from vocable.measures.measure import Measure
from vocable.measures.mel import mel_distance_dac, mel_distance_encodec
from vocable.measures.neurograms import visqol
from vocable.measures.predicted import DNSMOS, dnsmos, plcmos
from vocable.measures.recordings import Scored, score_recordings
from vocable.measures.registry import REGISTRY, default_measures, register, score, score_all
from vocable.measures.signal import segmental_snr, si_sdr, snr
from vocable.measures.spectral import log_spectral_distance, stft_distance_dac
from vocable.measures.speech import pesq, stoi
from vocable.measures.tokens import count_codes, entropy, perplexity, used_share

__all__ = [
    "DNSMOS",
    "REGISTRY",
    "Content",
    "F0Error",
    "Listener",
    "Measure",
    "Scored",
    "check_pair",
    "check_signal",
    "count_codes",
    "default_measures",
    "delay",
    "describe_content",
    "dnsmos",
    "entropy",
    "f0",
    "find_delay",
    "log_spectral_distance",
    "mcd",
    "mel_distance_dac",
    "mel_distance_encodec",
    "perplexity",
    "pesq",
    "plcmos",
    "register",
    "score",
    "score_all",
    "score_recordings",
    "segmental_snr",
    "si_sdr",
    "snr",
    "stft_distance_dac",
    "stoi",
    "used_share",
    "visqol",
]
