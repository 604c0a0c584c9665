"""A model that says units as it is used: the way back from units to sound, in any voice."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from vocable.atomic import check_target
from vocable.audio import Audio, Voice
from vocable.audio.writer import format_of
from vocable.binary_streams import BinaryFile
from vocable.errors import ModelError, TokenError
from vocable.language.say.frames import SaidFrames, write_frames
from vocable.language.say.model import Say
from vocable.language.say.sayer import TOGETHER
from vocable.language.say.speaking import Manner, Planned, plan
from vocable.language.say.unit_rows import pieces_of, unit_runs
from vocable.language.say.voiced import KnownVoice, SpeechCodec, Voiced
from vocable.language.sound import Sound
from vocable.text.timed import HOP
from vocable.tokens import AudioTokens, Source, TokenFile, TokenSpec
from vocable.tokens.file.one_track import counted_chunks, track_for
from vocable.unit_vocoder import Speaker, check_frames, check_spec, check_tokens, writing

# Colder than texts are said: units leave less open, and more words are understood.
_PLAIN = Manner(temperature=(0.6, 0.3, 0.3, 0.2, 0.2))


class UnitSayer(Voiced):
    """Say units of a space, by a network and the codec whose tokens it says; a `UnitVocoder`.

    vocoder = vocable.load("unit-voice-16k")
    units = vocable.load("units-16k").encode("speech.flac")
    vocoder.decode(units, speaker=Voice.from_recording("her.wav")).save("she.wav")

    units: the spec of what it says, frames of whole 10 ms. Units say what is spoken and how long it
    lasts; pitch and loudness are the model's. ModelError for another number of units than the
    network has.
    """

    def __init__(
        self, name: str, network: Say, codec: SpeechCodec, voices: Mapping[str, KnownVoice],
        licence: str = "", *, units: TokenSpec,
    ) -> None:  # fmt: skip
        super().__init__(name, network, codec, voices, licence)
        if [level.size for level in units.levels] != [network.config.symbols]:
            raise ModelError(
                f"{name} has {network.config.symbols} units but {units.space} has "
                f"{' × '.join(str(level.size) for level in units.levels)}; name those it says"
            )
        self.spec = writing(units, codec.spec.writes)

    @property
    def rate(self) -> int:
        """Hz that it writes."""
        return self.codec.spec.writes

    @property
    def speakers(self) -> Sequence[str]:
        """Names of the voices that it knows."""
        return tuple(self.voices)

    def hear(self, voice: Voice) -> Float[Tensor, " voice"]:
        """Return the numbers of a voice in a recording."""
        return self.voice([voice])

    def decode(
        self, tokens: AudioTokens, *, speaker: Speaker = None, predict: bool = False,
        rate: int | None = None, trust_space: bool = False, seed: int = 0, manner: Manner = _PLAIN,
    ) -> Audio:  # fmt: skip
        """Return units of one stream as a recording, exactly as long as what they were made of.

        speaker: a voice, see `Voiced`. predict: the model says how long each unit lasts, not the
        tokens; then it has a length of its own. rate: another rate in Hz. trust_space: say units of
        other centres. Equal seeds, equal sound. TokenError for units of another space, of several
        streams, and for none; ModelError for a pace where the units say how long they last.
        """
        given = speaker, predict, trust_space, seed, manner
        frames = list(self._of_tokens(tokens, *given))
        stacks = np.stack(frames, 1)[:, None].astype(np.int32)
        source = None if predict else tokens.source
        found = AudioTokens(self.codec.spec, list(stacks), source=source)
        return self.codec.decode(found, rate=rate)

    def decode_batch(self, tokens: Sequence[AudioTokens], **options: Any) -> list[Audio]:
        """Decode several, one by one; options as `decode` has them."""
        return [self.decode(each, **options) for each in tokens]

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
        seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> None:
        """Decode a `.vcb` file of any length to an audio file; the same samples as `decode`.

        Units, tokens and sound are held in bounded memory: what is said lies on the disk, as
        tokens, until all is. The target appears whole or not at all. track: which one, where a file
        holds several of these units.
        """
        check_target(target, overwrite=overwrite)
        format_of(target)  # refuses an unknown ending before any work
        with TokenFile(source) as file, tempfile.TemporaryDirectory(prefix="vocable-") as folder:
            name, found = track_for(file, self.spec, track)
            check_spec(found.spec, self.spec, self.name, trust_space)
            check_frames(file.frames(name), self.spec, f"tokens of {file.name}")
            _check_streams(found.streams)
            encoded, spoken = file.source(name), Path(folder, "spoken.vcb")
            pieces = counted_chunks(file, name, progress)
            frames = self._said(pieces, encoded, speaker, predict, seed, manner)
            write_frames(frames, spoken, self.codec.spec, None if predict else encoded)
            self.codec.decode_to(spoken, target, rate=rate, overwrite=overwrite)
        if progress:
            progress(1.0)

    def speak(
        self, tokens: AudioTokens, *, speaker: Speaker = None, predict: bool = False,
        trust_space: bool = False, seed: int = 0, manner: Manner = _PLAIN,
    ) -> Sound:  # fmt: skip
        """Return sound as it is said, blocks `[1, samples]` at `rate` Hz."""
        frames = self._of_tokens(tokens, speaker, predict, trust_space, seed, manner)
        return Sound(frames, self.codec, together=TOGETHER)

    def _of_tokens(
        self, tokens: AudioTokens, speaker: Speaker, predict: bool, trust_space: bool, seed: int,
        manner: Manner,
    ) -> SaidFrames:  # fmt: skip
        check_tokens(tokens, self.spec, self.name, trust_space)
        _check_streams(tokens.streams)
        return self._said([tokens], tokens.source, speaker, predict, seed, manner)

    def _said(
        self, pieces: Iterable[AudioTokens], source: Source | None, speaker: Speaker, predict: bool,
        seed: int, manner: Manner,
    ) -> SaidFrames:  # fmt: skip
        """Return the codes of each frame as they are drawn; pieces are read as they are needed."""
        if manner.pace != 1 and not predict:
            raise ModelError(
                f"the pace is {manner.pace:g}, but units last as long as they do; predict=True "
                "lets the model say how long"
            )
        numbers = self.known(speaker).numbers.to(self.device)[None]
        plans = self._plans(pieces, source, numbers, predict, manner)
        return SaidFrames(self.steps, plans, seed, manner)

    def _plans(
        self, pieces: Iterable[AudioTokens], source: Source | None, voice: Tensor, predict: bool,
        manner: Manner,
    ) -> Iterator[Planned]:  # fmt: skip
        hops, total = round(self.spec.frame / self.spec.rate / HOP), None
        frame, own = self.network.config.hops, self.codec.spec
        if source is not None:
            total = own.frames(own.samples(source)) * frame
        for symbols, durations in pieces_of(unit_runs(pieces, hops, total), frame):
            yield plan(self.network, [symbols], voice, manner, None if predict else [durations])


def _check_streams(streams: int) -> None:
    if streams != 1:
        raise TokenError(
            f"units of {streams} streams came; take one channel, or mix=True in encoding"
        )
