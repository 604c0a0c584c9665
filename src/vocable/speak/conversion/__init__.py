"""Voice conversion: what one speaker says, in the voice of another.

units     what is said, as units, spoken anew in the other's voice
frames    each moment by the moments of the other's recording that sound alike (kNN-VC)
pitch     the same voice, its pitch moved to the other's range
timbre    the same codes, with the timbre that a codec holds beside them
"""

from __future__ import annotations

from vocable.speak.conversion.frames import FrameConversion
from vocable.speak.conversion.pitch import PitchConversion, PitchRange, pitch_range
from vocable.speak.conversion.timbre import TimbreConversion
from vocable.speak.conversion.units import UnitConversion
from vocable.speak.conversion.ways import WAYS, Converts, conversion

__all__ = [
    "WAYS",
    "Converts",
    "FrameConversion",
    "PitchConversion",
    "PitchRange",
    "TimbreConversion",
    "UnitConversion",
    "conversion",
    "pitch_range",
]
