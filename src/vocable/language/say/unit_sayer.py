"""A model that says units as it is used: the way back from units to sound, in any voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from vocable.audio import Audio
from vocable.errors import ModelError, TokenError
from vocable.language.say.frames import SaidFrames
from vocable.language.say.model import Say
from vocable.language.say.sayer import TOGETHER
from vocable.language.say.speaking import Manner, Planned, plan
from vocable.language.say.unit_rows import pieces_of, unit_rows
from vocable.language.say.voiced import AnyVoice, KnownVoice, SpeechCodec, Voiced
from vocable.language.sound import Sound
from vocable.text.timed import HOP
from vocable.tokens import AudioTokens

_PLAIN = Manner()


class UnitSayer(Voiced):
    """Say units of a space, by a network and the codec whose tokens it says.

    vocoder = vocable.load("unit-voice-16k")
    units = vocable.load("units-16k").encode("speech.flac")
    vocoder.decode(units, Voice.from_recording("her.wav")).save("she.wav")

    Units say what is spoken and how long it lasts; pitch and loudness are the model's.
    """

    def __init__(
        self, name: str, network: Say, codec: SpeechCodec, voices: Mapping[str, KnownVoice],
        licence: str = "", *, units: str,
    ) -> None:  # fmt: skip
        super().__init__(name, network, codec, voices, licence)
        self.units = units

    def decode(
        self, tokens: AudioTokens, voice: AnyVoice = None, *, predicted: bool = False,
        seed: int = 0, manner: Manner = _PLAIN,
    ) -> Audio:  # fmt: skip
        """Return units of one stream as a recording, exactly as long as what they were made of.

        predicted: the model says how long each unit lasts, not the tokens; then it has a length of
        its own. Equal seeds, equal sound. TokenError for units of another space, of several
        streams, and for none; ModelError for a pace where the units say how long they last.
        """
        frames = list(self.frames(tokens, voice, predicted=predicted, seed=seed, manner=manner))
        stacks = np.stack(frames, 1)[:, None].astype(np.int32)
        source = None if predicted else tokens.source
        return self.codec.decode(AudioTokens(self.codec.spec, list(stacks), source=source))

    def speak(
        self, tokens: AudioTokens, voice: AnyVoice = None, *, predicted: bool = False,
        seed: int = 0, manner: Manner = _PLAIN,
    ) -> Sound:  # fmt: skip
        """Return sound as it is said, blocks `[1, samples]` at `codec.spec.writes` Hz."""
        frames = self.frames(tokens, voice, predicted=predicted, seed=seed, manner=manner)
        return Sound(frames, self.codec, together=TOGETHER)

    def frames(
        self, tokens: AudioTokens, voice: AnyVoice = None, *, predicted: bool = False,
        seed: int = 0, manner: Manner = _PLAIN,
    ) -> SaidFrames:  # fmt: skip
        """Return the codes of each frame, `[levels]`, as they are drawn, piece by piece."""
        self._check(tokens)
        if manner.pace != 1 and not predicted:
            raise ModelError(
                f"the pace is {manner.pace:g}, but units last as long as they do; predicted=True "
                "lets the model say how long"
            )
        return SaidFrames(self.steps, self._plans(tokens, voice, predicted, manner), seed, manner)

    def _plans(
        self, tokens: AudioTokens, voice: AnyVoice, predicted: bool, manner: Manner
    ) -> Iterator[Planned]:
        numbers = self.known(voice).numbers.to(self.device)[None]
        frame = self.network.config.hops
        hops = round(tokens.spec.frame / tokens.spec.rate / HOP)
        spec, total = self.codec.spec, None
        if tokens.source is not None:
            total = spec.frames(spec.samples(tokens.source)) * frame
        for symbols, durations in pieces_of(*unit_rows(tokens, hops, total), frame):
            lasting = None if predicted else [durations]
            yield plan(self.network, [symbols], numbers, manner, lasting)

    def _check(self, tokens: AudioTokens) -> None:
        if not isinstance(tokens, AudioTokens):
            raise TokenError(f"got {type(tokens).__name__}; {self.name} says AudioTokens")
        if tokens.spec.space != self.units:
            raise TokenError(
                f"units come from {tokens.spec.space} but {self.name} says {self.units}; encode "
                "with that"
            )
        if tokens.streams != 1:
            raise TokenError(
                f"units of {tokens.streams} streams came; take one channel, or mix=True in encoding"
            )
