"""What decodes units to sound: the form that all of them have, and what all of them refuse.

Two are here: a network that makes samples of units (`units.vocoder`), and a model that says units
in the tokens of a codec (`language.say`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

from vocable.audio import Audio, Voice
from vocable.binary_streams import BinaryFile
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, TokenSpec

Speaker: TypeAlias = Any
"""Who speaks: one of the vocoder's own by number or name (None: the first), a vector of as many
numbers as its speakers have, or a recording of somebody (`Voice`) where it can hear voices."""


@runtime_checkable
class UnitVocoder(Protocol):
    """The way back of units: `Vocoder`, `UnitSayer`, or anything alike.

    name        what errors call it
    spec        the units that it decodes, with the rate that it writes
    rate        Hz that it writes
    speakers    names of its own speakers, where they have some
    """

    @property
    def name(self) -> str: ...

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def rate(self) -> int: ...

    @property
    def speakers(self) -> Sequence[str]: ...

    def hear(self, voice: Voice) -> Any:
        """Return the vector of who speaks in a recording, which `speaker` takes.

        ModelError for a vocoder that has speakers of its own only.
        """
        ...

    def decode(
        self,
        tokens: AudioTokens,
        *,
        speaker: Speaker = None,
        predict: bool = False,
        rate: int | None = None,
        trust_space: bool = False,
    ) -> Audio:
        """Decode units to exactly the samples, channels and rate of their source.

        Units without a source give whole frames at the vocoder's rate. predict: the vocoder says
        how long units last, whatever the tokens say; then the length is its own. rate: another
        rate in Hz. trust_space: decode units of other centres. TokenError for such, and for none.
        """
        ...

    def decode_batch(self, tokens: Sequence[AudioTokens], **options: Any) -> list[Audio]:
        """Decode several, each as it would be alone."""
        ...

    def decode_to(
        self,
        source: str | os.PathLike[str] | bytes | BinaryFile,
        target: str | os.PathLike[str],
        *,
        track: str | None = None,
        speaker: Speaker = None,
        predict: bool = False,
        rate: int | None = None,
        trust_space: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Decode a `.vcb` file of any length to an audio file; the same samples as `decode`.

        Memory does not grow with the sound. track: which one, where a file holds several of these
        units. progress: is given the share that is done. The target appears whole or not at all.
        """
        ...


def writing(units: TokenSpec, rate: int) -> TokenSpec:
    """Return the spec of units with the rate that a vocoder writes."""
    return replace(units, out_rate=None if rate == units.rate else rate)


def check_tokens(tokens: Any, own: TokenSpec, name: str, trust_space: bool) -> None:
    """Refuse anything but units, units of other centres, and none at all."""
    if not isinstance(tokens, AudioTokens):
        raise TokenError(
            f"decode takes AudioTokens, got {type(tokens).__name__}; of a file, read them by "
            "vocable.read_tokens(path), or decode it to another by decode_to"
        )
    check_spec(tokens.spec, own, name, trust_space)
    check_frames(tokens.frames, own, "tokens")


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


def check_frames(frames: int, own: TokenSpec, where: str) -> None:
    """Refuse tokens without a frame, as those of a recording that is too short for one."""
    if not frames:
        least = 1000 * (own.window or own.frame) / own.rate
        raise TokenError(f"{where} have 0 frames; at least 1 is needed, {least:g} ms of sound")
