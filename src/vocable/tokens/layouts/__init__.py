"""Orders of tokens: what stands where in the sequence of a language model, and back exactly."""

from .budget import Cache, Fit, fits
from .fill import clear, fill
from .layout import NAMES, Layout
from .legal import Legal
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

__all__ = [
    "DIA_DELAYS",
    "LAYOUTS",
    "MUSICGEN_STEREO_DELAYS",
    "NAMES",
    "Cache",
    "Fit",
    "Layout",
    "Legal",
    "Recovered",
    "acoustic_delay",
    "clear",
    "coarse_first",
    "delay",
    "depth",
    "fill",
    "fits",
    "flatten",
    "grouped",
    "level_major",
    "parallel",
]
