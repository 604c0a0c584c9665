"""A vocoder is bound to the centres that it was trained on: what it decodes, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, TokenSpec
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
    return replace(units, out_rate=None if config.rate == units.rate else config.rate)


def check_tokens(tokens: Any, own: TokenSpec, name: str, trust_space: bool) -> None:
    """Refuse anything but units, units of other centres, and none at all."""
    if not isinstance(tokens, AudioTokens):
        raise TokenError(
            f"decode takes AudioTokens, got {type(tokens).__name__}; of a file, read them by "
            "vocable.read_tokens(path), or decode it to another by decode_to"
        )
    check_spec(tokens.spec, own, name, trust_space)
    check_frames(tokens.frames, "tokens")


def check_spec(spec: TokenSpec, own: TokenSpec, name: str, trust_space: bool) -> None:
    """Refuse units of other centres."""
    if spec.space != own.space and not trust_space:
        raise TokenError(
            f"tokens come from {spec.space} but {name} was made for units of {own.space}; take the "
            "vocoder of these units, or pass trust_space=True if you know that they fit"
        )
    if not own.same_codes(replace(spec, space=own.space)):
        raise TokenError(
            f"tokens of {spec.space} have {' × '.join(str(level.size) for level in spec.levels)} "
            f"codes and {spec.frame} samples a frame; {name} takes {own.levels[0].size} units of "
            f"{own.frame}"
        )


def check_frames(frames: int, where: str) -> None:
    """Refuse tokens without a frame."""
    if not frames:
        raise TokenError(f"{where} have 0 frames; at least 1 is needed")
