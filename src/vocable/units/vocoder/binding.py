"""A vocoder is bound to the centres that it was trained on."""

from __future__ import annotations

from vocable.errors import ModelError
from vocable.tokens import TokenSpec
from vocable.unit_vocoder import writing
from vocable.units.vocoder.hifigan import UnitHifiGanConfig


def fitting(config: UnitHifiGanConfig, name: str, units: TokenSpec) -> TokenSpec:
    """Return the spec of units with the rate that a vocoder writes; ModelError if it has others."""
    sizes = [level.size for level in units.levels]
    if sizes != [config.units]:
        raise ModelError(
            f"{name} has {config.units} units but {units.space} has "
            f"{' × '.join(map(str, sizes))}; a vocoder goes with the centres it was trained on"
        )
    if config.frame * units.rate != units.frame * config.rate:
        raise ModelError(
            f"{name} makes {config.frame} samples of a frame at {config.rate} Hz but a frame of "
            f"{units.space} is {units.frame} at {units.rate} Hz"
        )
    return writing(units, config.rate)
