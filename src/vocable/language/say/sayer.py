"""A model that says phones as it is used: it says texts, in a voice that it knows or is shown."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.audio import Audio, Voice
from vocable.errors import ModelError
from vocable.language.say.model import Say
from vocable.language.say.speaking import Manner, plan, say
from vocable.language.say.steps import Steps
from vocable.language.sound import DecodesSteps, Sound, joined
from vocable.nearest import nearest
from vocable.text.languages import USUAL
from vocable.text.normal import normalised
from vocable.text.sentences import sentences
from vocable.text.spoken import spoken
from vocable.tokens import AudioTokens

_PLAIN = Manner()
_TOGETHER = 16  # frames that are decoded at once, at most: of 8 the decoder takes twice as long

AnyVoice: TypeAlias = "str | Voice | Float[Tensor, ' voice'] | None"


class SpeechCodec(DecodesSteps, Protocol):
    """A codec that reads a voice's recordings, too."""

    def encode(self, source: Any) -> AudioTokens: ...


@dataclass(frozen=True, eq=False)
class KnownVoice:
    """A voice that comes with a model: its numbers, `[voice]`, and the language it was heard in."""

    numbers: Tensor
    language: str = USUAL


class Sayer:
    """Say texts, by a network and the codec whose tokens it says.

    model = vocable.load("say-16k")
    model.say("Good morning.").save("morning.wav")
    for block in model.speak("Good morning.", Voice.from_recording("her.wav")): play(block)

    A voice is one of `voices` by name (the first where none is given), a recording (`Voice`), or
    what `voice` makes of several.
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

    def speak(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Sound:  # fmt: skip
        """Return sound as it is said, blocks `[1, samples]` at `codec.spec.writes` Hz.

        The first block is one frame, so that it is heard at once; later ones have more.
        language: of the text, "en" or "de"; None: that of the voice. Equal seeds, equal sound.
        """
        frames = self.frames(text, voice, language=language, seed=seed, manner=manner)
        return Sound(frames, self.codec, together=_TOGETHER)

    def say(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Audio:  # fmt: skip
        """Return a text as a recording: the blocks of `speak`, joined."""
        blocks = self.speak(text, voice, language=language, seed=seed, manner=manner)
        return joined(blocks, self.codec)

    def frames(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> SaidFrames:  # fmt: skip
        """Return the codes of each frame, `[levels]`, as they are drawn, sentence by sentence."""
        known = self._known(voice)
        language = language or known.language
        parts = sentences(normalised(text, language), language)
        symbols = [spoken(each, language).rows for each in parts or [text]]
        return SaidFrames(self.steps, symbols, known.numbers.to(self.device), seed, manner)

    def _known(self, voice: AnyVoice) -> KnownVoice:
        if isinstance(voice, Voice):
            return KnownVoice(self.voice([voice]))
        if isinstance(voice, Tensor):
            return KnownVoice(voice)
        if not self.voices:
            raise ModelError(f"{self.name} has no voice of its own; give it a recording of one")
        name = next(iter(self.voices)) if voice is None else voice
        if name not in self.voices:
            raise ModelError(f'{self.name} has no voice "{name}"; {nearest(name, self.voices)}')
        return self.voices[name]


class SaidFrames:
    """Codes `[levels]`, frame by frame; `reason` says why they ended: "end", or "left"."""

    def __init__(
        self, steps: Steps, symbols: Sequence[np.ndarray], voice: Tensor, seed: int, manner: Manner
    ) -> None:
        self.reason: str | None = None
        self._frames = _frames(steps, symbols, voice, seed, manner)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        """Return the next frame."""
        try:
            return next(self._frames)
        except StopIteration:
            self.reason = self.reason or "end"
            raise

    def leave(self) -> None:
        """Say no more."""
        self.reason = self.reason or "left"
        self._frames.close()


def _frames(
    steps: Steps, symbols: Sequence[np.ndarray], voice: Tensor, seed: int, manner: Manner
) -> Generator[np.ndarray, None, None]:
    for place, each in enumerate(symbols):
        planned = plan(steps.model, [each], voice[None], manner)
        for codes in say(steps, planned, [seed + place], manner):
            yield codes[0].cpu().numpy()
