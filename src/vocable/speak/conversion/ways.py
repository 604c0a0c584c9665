"""The ways of conversion by name, each by models of the package."""

from __future__ import annotations

from typing import Any, Protocol

from vocable.audio import Audio, Voice
from vocable.errors import ModelError
from vocable.language.say import UnitSayer
from vocable.load import load, load_codec, load_encoder, load_tokenizer
from vocable.nearest import nearest
from vocable.speak.conversion.frames import FrameConversion
from vocable.speak.conversion.pitch import PitchConversion
from vocable.speak.conversion.units import UnitConversion

WAYS = ("units", "frames", "pitch")
UNITS, CODEC, VOCODER = "units-16k", "speech-16k", "unit-voice-16k"
LAYER = 5  # of units-16k, for frames


class Converts(Protocol):
    """What says a recording in another voice."""

    def convert(self, source: Any, voice: Voice) -> Audio: ...


def conversion(
    way: str = "units", model: str = VOCODER, *, seed: int = 0, device: str | None = None
) -> Converts:
    """Return a way of conversion: "units", "frames" or "pitch". ModelError for another.

    model: what says units; seed: of what it draws. Both are for "units" alone.
    """
    if way == "pitch":
        return PitchConversion(load_codec(CODEC, device))
    if way == "frames":
        return FrameConversion(load_codec(CODEC, device), load_encoder(UNITS, device), LAYER)
    if way != "units":
        raise ModelError(f'no way of conversion is named "{way}"; {nearest(way, WAYS)}')
    sayer = load(model, device)
    if not isinstance(sayer, UnitSayer):
        raise ModelError(f"{model} says no units; take {VOCODER}, or train one: vocable train say")
    return UnitConversion(load_tokenizer(sayer.units.partition(":")[0], device), sayer, seed)
