"""Voice conversion: what one speaker says, in the voice of another. Names load when first used.

units     what is said, as units, spoken anew in the other's voice
frames    each moment by the moments of the other's recording that sound alike (kNN-VC)
pitch     the same voice, its pitch moved to the other's range
timbre    the same codes, with the timbre that a codec holds beside them
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.speak.conversion.frames import FrameConversion as FrameConversion
    from vocable.speak.conversion.names import WAYS as WAYS
    from vocable.speak.conversion.pitch import PitchConversion as PitchConversion
    from vocable.speak.conversion.pitch import PitchRange as PitchRange
    from vocable.speak.conversion.pitch import pitch_range as pitch_range
    from vocable.speak.conversion.timbre import TimbreConversion as TimbreConversion
    from vocable.speak.conversion.units import UnitConversion as UnitConversion
    from vocable.speak.conversion.ways import Converts as Converts
    from vocable.speak.conversion.ways import conversion as conversion

_HOMES = {"FrameConversion": "frames", "UnitConversion": "units", "WAYS": "names",
          "PitchConversion": "pitch", "PitchRange": "pitch", "pitch_range": "pitch",
          "TimbreConversion": "timbre", "Converts": "ways", "conversion": "ways"}  # fmt: skip
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
