"""Say how near decoded sound is to its source: arrays in, a number or a MeasureError out.

Conventions, as in mir_eval: `reference` comes first; both signals are one channel [samples], floats
with full scale at ±1, aligned and of one length. Nothing here resamples, shifts or cuts on its own.

| measure | unit, better | from |
|---|---|---|
| pesq_wb | MOS-LQO 1.04 to 4.64, up | ITU-T P.862.2, through the package pesq |
| stoi | 0 to 1, up | Taal et al. 2011, through the package pystoi |
| mel_distance | log10 units, down | Kumar et al. 2023 (DAC), arXiv 2306.06546 |
| log_spectral_distance | log10 units, down | Gray and Markel 1976 |
| si_sdr | dB, up | Le Roux et al. 2019, arXiv 1811.02508 |
| delay | samples | the lag of the largest cross-correlation |
| count_codes, entropy, perplexity, used_share | counts, bit, entries, share | one level |
"""

from vocable.measures.signal import delay, si_sdr
from vocable.measures.spectral import log_spectral_distance, mel_distance
from vocable.measures.speech import pesq_wb, stoi
from vocable.measures.tokens import count_codes, entropy, perplexity, used_share

__all__ = [
    "count_codes",
    "delay",
    "entropy",
    "log_spectral_distance",
    "mel_distance",
    "perplexity",
    "pesq_wb",
    "si_sdr",
    "stoi",
    "used_share",
]
