"""Say how near decoded sound is to its source: arrays in, a number or a MeasureError out.

Each measure is a function `measure(reference, degraded, rate, named options)`; those that hear no
reference take `(degraded, rate)`. Conventions, as in mir_eval: `reference` comes first; both
signals are one channel [samples], floats with full scale at ±1, aligned and of one length. Nothing
resamples, shifts or cuts on its own but `score_recordings`, which takes whole recordings.

`REGISTRY` is the one table of measures (docs/measures.md shows it), `score` and `score_all` compute
by it, `register` adds to it. Beside it stand `delay` and `find_delay`, and `describe_content`,
whether samples are speech and where their band ends, of a whole recording by `Listener`; and what
is not of a pair of signals (docs/evaluate.md shows it):

tokens    `count_codes`, then `entropy`, `perplexity`, `used_share`, `chance_agreement`;
          `repeat_rate`; `residual_energy`
phones    `count_pairs`, then `phone_purity`, `cluster_purity`, `pnmi`, `shuffled`; `abx`
words     `word_edits`, `character_edits`, `phone_edits`, `error_rate`; `load_recogniser`,
          `load_word_recogniser`
speakers  `similarity`, `equal_error_rate`; `load_embedding`
"""

import vocable.measures.table  # noqa: F401 - registers what comes with the package
from vocable.measures.abx import AbxScore, Saying, abx, sayings_of
from vocable.measures.cepstral import mcd
from vocable.measures.checks import check_pair, check_signal
from vocable.measures.content import Content, describe_content
from vocable.measures.delays import delay, find_delay
from vocable.measures.fundamental import F0Error, f0
from vocable.measures.listener import Listener
from vocable.measures.measure import Measure
from vocable.measures.mel import mel_distance_dac, mel_distance_encodec
from vocable.measures.neurograms import visqol
from vocable.measures.phones import (
    cluster_purity,
    count_pairs,
    labels_at,
    phone_purity,
    pnmi,
    shuffled,
    spans_of,
)
from vocable.measures.predicted import DNSMOS, dnsmos, plcmos
from vocable.measures.recognisers import (
    RECOGNISERS,
    Hama,
    PocketSphinx,
    Recogniser,
    Whisper,
    load_recogniser,
    load_word_recogniser,
)
from vocable.measures.recordings import Scored, score_recordings
from vocable.measures.registry import REGISTRY, default_measures, register, score, score_all
from vocable.measures.signal import segmental_snr, si_sdr, snr
from vocable.measures.speakers import (
    EMBEDDINGS,
    Embed,
    EqualError,
    Resemblyzer,
    equal_error_rate,
    load_embedding,
    similarity,
)
from vocable.measures.spectral import log_spectral_distance, stft_distance_dac
from vocable.measures.speech import pesq, stoi
from vocable.measures.tokens import (
    chance_agreement,
    count_codes,
    count_runs,
    entropy,
    entropy_bias,
    perplexity,
    repeat_rate,
    residual_db,
    residual_energy,
    used_share,
)
from vocable.measures.word_times import Word, WordRecogniser
from vocable.measures.words import (
    Edits,
    character_edits,
    count_edits,
    error_rate,
    normalise,
    phone_edits,
    word_edits,
)

__all__ = [
    "DNSMOS",
    "EMBEDDINGS",
    "RECOGNISERS",
    "REGISTRY",
    "AbxScore",
    "Content",
    "Edits",
    "Embed",
    "EqualError",
    "F0Error",
    "Hama",
    "Listener",
    "Measure",
    "PocketSphinx",
    "Recogniser",
    "Resemblyzer",
    "Saying",
    "Scored",
    "Whisper",
    "Word",
    "WordRecogniser",
    "abx",
    "chance_agreement",
    "character_edits",
    "check_pair",
    "check_signal",
    "cluster_purity",
    "count_codes",
    "count_edits",
    "count_pairs",
    "count_runs",
    "default_measures",
    "delay",
    "describe_content",
    "dnsmos",
    "entropy",
    "entropy_bias",
    "equal_error_rate",
    "error_rate",
    "f0",
    "find_delay",
    "labels_at",
    "load_embedding",
    "load_recogniser",
    "load_word_recogniser",
    "log_spectral_distance",
    "mcd",
    "mel_distance_dac",
    "mel_distance_encodec",
    "normalise",
    "perplexity",
    "pesq",
    "phone_edits",
    "phone_purity",
    "plcmos",
    "pnmi",
    "register",
    "repeat_rate",
    "residual_db",
    "residual_energy",
    "sayings_of",
    "score",
    "score_all",
    "score_recordings",
    "segmental_snr",
    "shuffled",
    "si_sdr",
    "similarity",
    "snr",
    "spans_of",
    "stft_distance_dac",
    "stoi",
    "used_share",
    "visqol",
    "word_edits",
]
