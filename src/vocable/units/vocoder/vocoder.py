"""Units back into sound: what a user holds of a vocoder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from vocable.audio import Audio, AudioWriter, Resampler, Voice, resample
from vocable.binary_streams import BinaryFile
from vocable.codecs.convert import Samples, join_streams, written_length, written_rate
from vocable.codecs.session import evaluation_twin
from vocable.errors import ModelError
from vocable.quantize.precision import full_precision
from vocable.tokens import AudioTokens, TokenFile, TokenSpec, joined
from vocable.tokens.file.one_track import counted_chunks, track_for
from vocable.unit_vocoder import Speaker, check_frames, check_spec, check_tokens
from vocable.units.vocoder.binding import fitting
from vocable.units.vocoder.frames import TILE, Frames, frames_of, frames_of_source
from vocable.units.vocoder.hifigan import UnitHifiGan
from vocable.units.vocoder.voicing import Voicing, voicing_of

Hears: TypeAlias = Callable[[Voice], np.ndarray]  # to `[vector]`


class Vocoder:
    """Decode units of one set of centres to sound, by HiFi-GAN; a `UnitVocoder`.

    vocoder = vocable.load("FOLDER")
    vocoder.decode(vocable.load("units-16k").encode("talk.flac"), speaker=1)

    units: the spec of the units that it was made for; None: its files do not say, and it decodes
    none before `bound`. speakers: their names, where it has some. hears: gives the vector of who
    speaks in a recording, in the embedding that the network was trained with. It runs a twin of the
    network in evaluation mode, in fp32.
    """

    def __init__(
        self,
        network: UnitHifiGan,
        units: TokenSpec | None = None,
        *,
        name: str = "vocoder",
        speakers: Sequence[str] = (),
        licence: str = "",
        hears: Hears | None = None,
    ) -> None:
        self.hears = hears
        self.network, self.name, self.licence = evaluation_twin(network), name, licence
        self.speakers = tuple(speakers)
        self.units = None if units is None else fitting(network.config, name, units)

    def bound(self, units: TokenSpec) -> Vocoder:
        """Return the vocoder for units of these centres; it is on you that it was made for them.

        ModelError for another number of units or another rate of frames, and for a vocoder that
        was made for other units.
        """
        if self.units is not None and self.units.space != units.space:
            raise ModelError(f"{self.name} was made for {self.units.space}, not for {units.space}")
        return Vocoder(
            self.network, units, name=self.name, speakers=self.speakers, licence=self.licence,
            hears=self.hears,
        )  # fmt: skip

    @property
    def spec(self) -> TokenSpec:
        """What it decodes; ModelError where nothing says it."""
        if self.units is None:
            raise ModelError(
                f"the files of {self.name} do not say which units it was made for; if you know, "
                "take vocoder.bound(tokenizer.spec)"
            )
        return self.units

    @property
    def embedding(self) -> str:
        """The space of the embedding that speakers are vectors of; empty for one with numbers."""
        return self.network.config.embedding

    @property
    def rate(self) -> int:
        """Hz that it writes."""
        return self.network.config.rate

    @property
    def frame(self) -> int:
        """Samples that a frame becomes."""
        return self.network.config.frame

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.network.device

    def __repr__(self) -> str:
        units = "units that it does not name" if self.units is None else self.units.space
        return f"<Vocoder {self.name} of {units} on {self.device}>"

    def hear(self, voice: Voice) -> np.ndarray:
        """Return the vector of who speaks in a recording; ModelError where it hears none."""
        if self.hears is None:
            raise ModelError(
                f"{self.name} knows no speakers from recordings; name one of its own, or train one "
                "that does: vocoder.embedding"
            )
        return self.hears(voice)

    def decode(
        self,
        tokens: AudioTokens,
        *,
        speaker: Speaker = None,
        language: int = 0,
        pitch: Any = None,
        predict: bool = False,
        rate: int | None = None,
        trust_space: bool = False,
    ) -> Audio:
        """Decode units to exactly the samples, channels and rate of their source.

        Units without a source (generated ones) give whole frames at the vocoder's rate.
        speaker: see `Speaker`; default the first. language: a number of its own. pitch: of each
        frame `[frames]` or `[streams, frames]`, or of a whole share of them, for a vocoder that is
        told it. predict: say how long units last by the predictor of durations, whatever the tokens
        say: equal neighbours are joined first, and the length is not the source's then. rate:
        another rate in Hz. trust_space: decode units of other centres.
        Raises TokenError for units of other centres, ModelError for what the vocoder has not.
        """
        check_tokens(tokens, self.spec, self.name, trust_space)
        timed = self.timed(tokens) if predict else tokens
        voicing = self._voicing(speaker, language, pitch, (timed.streams, timed.frames))
        total = frames_of_source(self.spec, timed.source, timed.frames)
        parts = list(self._sound(frames_of([timed], total), voicing))
        whole = join_streams(timed.source, np.concatenate(parts, 2))
        to = written_rate(self.spec, timed.source, rate)
        length = written_length(self.spec, timed.source, timed.frames, to)
        samples = np.asarray(resample(whole, self.rate, to))[:, :length]
        return Audio(samples, to, allow_loud=True)

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
        language: int = 0,
        predict: bool = False,
        rate: int | None = None,
        trust_space: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Decode a `.vcb` file of any length to an audio file; the same samples as `decode`.

        Sound is held in bounded memory; with `predict` all units of the file are, not their sound.
        The target appears whole or not at all. track: which one, where a file holds several of
        these units.
        """
        with TokenFile(source) as file:
            name, found = track_for(file, self.spec, track)
            frames, encoded = file.frames(name), file.source(name)
            check_spec(found.spec, self.spec, self.name, trust_space)
            check_frames(frames, self.spec, f"tokens of {file.name}")
            pieces: Iterable[AudioTokens] = counted_chunks(file, name, progress)
            if predict:
                timed = self.timed(joined(list(pieces)))
                pieces, frames, encoded = [timed], timed.frames, None
            voicing = self._voicing(speaker, language, None, (found.streams, frames))
            to = written_rate(self.spec, encoded, rate)
            left = written_length(self.spec, encoded, frames, to)
            channels = encoded.channels if encoded else found.streams
            resampler = Resampler(self.rate, to, channels)
            total = frames_of_source(self.spec, encoded, frames)
            with AudioWriter(target, to, channels, overwrite=overwrite, expected=left) as writer:
                for sound in self._sound(frames_of(pieces, total), voicing):
                    block = resampler.step(join_streams(encoded, sound))
                    writer.write(block[:, :left])
                    left -= min(left, block.shape[1])
                writer.write(resampler.finish()[:, :left])
        if progress:
            progress(1.0)

    def timed(self, tokens: AudioTokens) -> AudioTokens:
        """Return the units with equal neighbours joined, each as long as the predictor says.

        TokenError for units of several streams, ModelError for a vocoder without a predictor.
        """
        predictor = self.network.durations
        if predictor is None:
            raise ModelError(f"{self.name} does not foretell durations; leave predict out")
        merged = tokens.dedup()
        units = torch.from_numpy(merged.stacks[0].astype(np.int64)).to(self.device)
        with torch.inference_mode(), full_precision(self.device.type):
            state, parts = predictor.layers.initial_state(1), []
            for tile in torch.split(units, TILE, 1):
                y, state = predictor.layers.step(self.network.units(tile), state)
                parts.append(y)
            logarithms = torch.cat([*parts, predictor.layers.finish(state)], 1)[0, :, 0]
            durations = predictor.frames(logarithms).cpu().numpy()
        return AudioTokens(merged.spec, merged.stacks, durations=durations)

    # ---- tensors at the vocoder's rate ----------------------------------------------------------

    def _sound(self, tiles: Iterable[Frames], voicing: Voicing) -> Iterator[Samples]:
        """Yield the sound of units that come tile by tile, as it settles."""
        state, at = None, 0
        for tile in tiles:
            with torch.inference_mode(), full_precision(self.device.type):
                if state is None:
                    state = self.network.generator.initial_state(len(tile))
                y, state = self.network.generator.step(self._rows(tile, voicing, at), state)
            at += tile.shape[1]
            yield _samples(y)
        if state is not None:
            with torch.inference_mode(), full_precision(self.device.type):
                y = self.network.generator.finish(state)
            yield _samples(y)

    def _rows(self, tile: Frames, voicing: Voicing, at: int) -> Tensor:
        streams, frames = tile.shape
        speaker, language = (
            None if row is None else row.expand(streams, -1)
            for row in (voicing.speaker, voicing.language)
        )
        units = torch.from_numpy(tile.astype(np.int64)).to(self.device)
        return self.network.rows(units, speaker, language, voicing.at(at, frames))

    def _voicing(
        self, speaker: Speaker, language: int, pitch: Any, shape: tuple[int, int]
    ) -> Voicing:
        if isinstance(speaker, Voice):
            speaker = self.hear(speaker)
        with torch.inference_mode():
            return voicing_of(
                self.network, self.name, self.speakers, speaker, language, pitch, shape
            )


def _samples(y: Tensor) -> Samples:
    """Return `[streams, 1, samples]` of the generator's rows."""
    found: Samples = y.transpose(1, 2).cpu().numpy()
    return found.reshape(len(found), 1, -1)
