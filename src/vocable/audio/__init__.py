"""Read, hold, resample and write recordings, as numpy arrays; this loads no torch.

`Audio` is a recording in memory. `AudioReader` and `AudioWriter` go through files of any length in
blocks, and `Resampler` changes the rate of blocks, with the same samples as in one go.
"""

from .reader import AudioReader as AudioReader
from .resample import Resampler as Resampler
from .resample import resample as resample
from .resample import resampled_length as resampled_length
from .rows import is_samples as is_samples
from .samples import LOUDEST as LOUDEST
from .samples import as_samples as as_samples
from .samples import check_finite as check_finite
from .samples import check_rate as check_rate
from .samples import check_samples as check_samples
from .value import Audio as Audio
from .voice import Voice as Voice
from .writer import AudioWriter as AudioWriter

__all__ = [
    "LOUDEST",
    "Audio",
    "AudioReader",
    "AudioWriter",
    "Resampler",
    "Voice",
    "as_samples",
    "check_finite",
    "check_rate",
    "check_samples",
    "is_samples",
    "resample",
    "resampled_length",
]
