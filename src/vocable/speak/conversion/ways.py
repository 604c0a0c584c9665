"""The ways of conversion by name, each by models of the package."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from vocable.audio import Audio, Voice
from vocable.errors import ModelError
from vocable.language.say import UnitSayer
from vocable.load import load_codec, load_encoder, load_tokenizer, load_vocoder
from vocable.nearest import nearest
from vocable.speak.conversion.frames import FrameConversion
from vocable.speak.conversion.names import CODEC, UNITS, VOCODER, WAYS
from vocable.speak.conversion.pitch import PitchConversion
from vocable.speak.conversion.sources import Progress, Target
from vocable.speak.conversion.timbre import TimbreConversion
from vocable.speak.conversion.units import UnitConversion

LAYER = 5  # of units-16k, for frames


@runtime_checkable
class Converts(Protocol):
    """What says a recording in another voice."""

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, or what a path holds, its channels mixed, in a voice."""
        ...

    def convert_to(
        self, source: Any, target: Target, voice: Voice, *, overwrite: bool = False,
        progress: Progress = None,
    ) -> None:  # fmt: skip
        """Convert a file to an audio file, which appears whole or not at all, as `convert` does.

        Memory does not grow with the length. progress: is given the share that is done.
        """
        ...


def conversion(
    way: str = "units", model: str = VOCODER, *, units: str | None = None, seed: int = 0,
    device: str | None = None,
) -> Converts:  # fmt: skip
    """Return a way of conversion: "units", "frames", "pitch" or "timbre". ModelError for another.

    model: a vocoder of units that takes a recording as its speaker; for "timbre" a codec that holds
    it beside its codes. units: the vocoder's tokenizer, by default that of their name; seed: of
    what is drawn. Both are for "units" alone.
    """
    if way == "timbre":
        return TimbreConversion(load_codec(model, device))
    if way == "pitch":
        return PitchConversion(load_codec(CODEC, device))
    if way == "frames":
        return FrameConversion(load_codec(CODEC, device), load_encoder(UNITS, device), LAYER)
    if way != "units":
        raise ModelError(f'no way of conversion is named "{way}"; {nearest(way, WAYS)}')
    vocoder = load_vocoder(model, device)
    drawn = {"seed": seed} if isinstance(vocoder, UnitSayer) else {}
    name = units or vocoder.spec.space.partition(":")[0]
    return UnitConversion(load_tokenizer(name, device), vocoder, **drawn)
