"""Orders of tokens: what stands where in the sequence of a language model, and back exactly.

A `Layout` orders the levels of one recording. A `JointLayout` orders parts of several kinds, text
and audio, tracks of several rates, codes and durations; `Speakers` the streams of one recording.
Theirs is a `Joint`.
"""

from .budget import Cache, Fit, fits
from .by_time import ByTime
from .chunks import Chunks, cosyvoice, glm_voice
from .fill import clear, fill
from .joint import Joint, from_ids
from .joint_layout import JointLayout, Parts
from .lasting import Lasting
from .layout import NAMES, Layout
from .legal import Legal
from .moshi import from_moshi_ids, moshi, moshi_ids
from .named import (
    DIA_DELAYS,
    LAYOUTS,
    MUSICGEN_STEREO_DELAYS,
    acoustic_delay,
    coarse_first,
    delay,
    depth,
    flatten,
    grouped,
    level_major,
    parallel,
)
from .recover import Recovered
from .side_by_side import SideBySide, kimi_audio
from .speakers import Speakers

__all__ = [
    "DIA_DELAYS",
    "LAYOUTS",
    "MUSICGEN_STEREO_DELAYS",
    "NAMES",
    "ByTime",
    "Cache",
    "Chunks",
    "Fit",
    "Joint",
    "JointLayout",
    "Lasting",
    "Layout",
    "Legal",
    "Parts",
    "Recovered",
    "SideBySide",
    "Speakers",
    "acoustic_delay",
    "clear",
    "coarse_first",
    "cosyvoice",
    "delay",
    "depth",
    "fill",
    "fits",
    "flatten",
    "from_ids",
    "from_moshi_ids",
    "glm_voice",
    "grouped",
    "kimi_audio",
    "level_major",
    "moshi",
    "moshi_ids",
    "parallel",
]
