"""What says things in a voice: a network, the codec whose tokens it says, the voices it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.audio import Audio, Voice
from vocable.errors import ModelError
from vocable.language.say.model import Say
from vocable.language.say.steps import Steps
from vocable.language.sound import DecodesSteps
from vocable.nearest import nearest
from vocable.text.languages import USUAL
from vocable.tokens import AudioTokens

AnyVoice: TypeAlias = "str | int | Voice | Float[Tensor, ' voice'] | None"


class SpeechCodec(DecodesSteps, Protocol):
    """A codec that reads a voice's recordings, too."""

    def encode(self, source: Any) -> AudioTokens: ...

    def decode(self, tokens: AudioTokens, *, rate: int | None = None) -> Audio: ...

    def decode_to(
        self, source: Any, target: Any, *, rate: int | None = None, overwrite: bool = False
    ) -> None: ...


@dataclass(frozen=True, eq=False)
class KnownVoice:
    """A voice that comes with a model: its numbers, `[voice]`, and the language it was heard in."""

    numbers: Tensor
    language: str = USUAL


class Voiced:
    """A model that says something in a voice.

    A voice is one of `voices` by name or number (the first where none is given), a recording
    (`Voice`), or what `voice` makes of several.
    """

    def __init__(
        self, name: str, network: Say, codec: SpeechCodec, voices: Mapping[str, KnownVoice],
        licence: str = "",
    ) -> None:  # fmt: skip
        self.name, self.network, self.codec, self.licence = name, network, codec, licence
        self.voices, self.steps = dict(voices), Steps(network, packed=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}, voices {', '.join(self.voices) or 'none'}>"

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.network.norm.weight.device

    @torch.inference_mode()
    def voice(self, recordings: Sequence[Voice | AudioTokens]) -> Float[Tensor, " voice"]:
        """Return the mean voice of recordings of one speaker."""
        found = []
        for each in recordings:
            tokens = self.codec.encode(each.audio) if isinstance(each, Voice) else each
            codes = torch.from_numpy(tokens.codes[0].T.astype(np.int64))[None].to(self.device)
            count = torch.tensor([codes.shape[1]], device=self.device)
            found.append(self.network.voices(codes, count)[0])
        if not found:
            raise ModelError("a voice is made of one recording or more")
        return torch.stack(found).mean(0)

    def known(self, voice: Any) -> KnownVoice:
        """Return a voice, by whatever it is given as. ModelError for what is none."""
        if isinstance(voice, Voice):
            return KnownVoice(self.voice([voice]))
        if not (voice is None or isinstance(voice, str | Integral)):
            return KnownVoice(self._numbers(voice))
        if not self.voices:
            raise ModelError(f"{self.name} has no voice of its own; give it a recording of one")
        names = list(self.voices)
        if voice is None or isinstance(voice, Integral):
            number = 0 if voice is None else int(voice)
            if not 0 <= number < len(names):
                last = len(names) - 1
                raise ModelError(f"the voices of {self.name} are 0 to {last}, got {number}")
            return self.voices[names[number]]
        if voice not in self.voices:
            raise ModelError(f'{self.name} has no voice "{voice}"; {nearest(voice, names)}')
        return self.voices[voice]

    def _numbers(self, given: Any) -> Float[Tensor, " voice"]:
        """Return the numbers of a voice."""
        length = self.network.config.voice
        wanted = f"{self.name} takes a voice by name, as a recording, or as {length} numbers"
        try:
            numbers = np.asarray(to_numpy(given), np.float32)
        except (TypeError, ValueError) as error:
            raise ModelError(f"{wanted}, got {type(given).__name__}") from error
        if numbers.shape != (length,) or not np.isfinite(numbers).all():
            raise ModelError(f"{wanted}, all finite; got shape {list(numbers.shape)}")
        return torch.from_numpy(numbers.copy())
