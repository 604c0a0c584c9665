"""Live streams, for the doors above: resample, split channels, step the codec, count samples.

encoder = LiveEncoder(codec, rate=48_000, channels=1)
for block in microphone:                      # [channels, samples], any number
    for tokens in encoder.push(block): send(tokens)
for tokens in encoder.finish(): send(tokens)  # encoder.samples says how long the recording was
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float32

from vocable.audio import Resampler, check_rate, check_samples
from vocable.codecs.codec import Codec
from vocable.codecs.codes import Codes, cut_codes
from vocable.codecs.concealment import Fader
from vocable.codecs.convert import (
    check_fits,
    codes_of,
    split_channels,
    tokens_as_they_come,
    written_length,
)
from vocable.codecs.session import check_levels
from vocable.codecs.state import Decoding
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import AudioError, TokenError
from vocable.tokens import AudioTokens, Source, Track

Block = Float32[np.ndarray, "channels samples"]


class LiveEncoder:
    """One recording on its way to tokens; `track` is what a file or a receiver must know of it."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        rate: int | None = None,
        channels: int = 1,
        levels: int | None = None,
        allow_loud: bool = False,
    ) -> None:
        spec = tokenizer.spec
        check_levels(spec, levels)
        rate = spec.rate if rate is None else check_rate(rate)
        self.track = Track(spec, levels=levels or 0, rate=rate, channels=channels)
        self.samples = 0  # per channel, that have come
        self._allow_loud = allow_loud
        self._tokenizer = tokenizer
        self._resampler = Resampler(self.track.rate, spec.rate, channels)
        self._state = tokenizer.start_encoding(self.track.streams, levels=self.track.levels)

    def push(self, block: Block) -> list[AudioTokens]:
        """Return the tokens that these samples settle, perhaps none."""
        rate, allow_loud = self.track.rate, self._allow_loud
        check_samples(block, rate, name="the stream", start=self.samples, allow_loud=allow_loud)
        self.samples += block.shape[1]
        settled = [self._step(self._resampler.step(block))]
        return list(tokens_as_they_come(self.track.spec, settled))

    def finish(self) -> list[AudioTokens]:
        """Return the last tokens."""
        last = self._step(self._resampler.finish())
        settled = [last, self._tokenizer.finish_encoding(self._state)]
        return list(tokens_as_they_come(self.track.spec, settled))

    def _step(self, samples: Block) -> Codes:
        rows = torch.tensor(split_channels(self.track.spec, samples), device="cpu")
        codes, self._state = self._tokenizer.encode_step(rows, self._state, allow_loud=True)
        return codes


class LiveDecoder:
    """One recording on its way back to samples, at `rate` Hz in `channels` channels.

    The last frame (the last token of the finest level that is kept) is withheld until more follows,
    or the end says how much of it belongs to the recording; `push` may be told either.

    frames      that were pushed or made up so far
    concealed   those of them that were made up
    """

    def __init__(
        self,
        codec: Codec,
        track: Track,
        *,
        rate: int | None = None,
        channels: int | None = None,
        trust_space: bool = False,
    ) -> None:
        check_fits(codec.spec, track.spec, trust_space=trust_space)
        self._codec, self._track = codec, track
        self._rate, self._channels = rate or track.rate, channels or track.channels
        self._resampler = Resampler(codec.spec.writes, self._rate, self._channels)
        self._waiting = np.zeros((self._channels, 0), np.float32)
        self._state: Decoding | None = None
        self._last: AudioTokens | None = None
        self._fader = Fader(codec.spec.writes)
        self.frames = self.concealed = self._given = 0
        # frames of silence that the decoder has not seen, and samples of it to leave out instead
        self._unseen = self._surplus = 0
        kept = track.spec.levels[: track.levels]
        # what the last token of the finest level may stand for behind the end of the sound
        self._withheld = min(level.stride for level in kept) * codec.model.frame_written

    def push(
        self, tokens: AudioTokens, source: Source | None = None, *, whole: bool = False
    ) -> Block:
        """Return the samples that these tokens settle.

        source: what was encoded, where that is known before the end. whole: the recording fills all
        frames so far. With either the last frame is not withheld.
        """
        track = self._track
        alike = (tokens.levels, tokens.streams) == (track.levels, track.streams)
        if not (alike and track.spec.same_codes(tokens.spec)):
            raise TokenError(
                f"the stream is of {track.streams} × {track.levels} of {track.spec.space}, got "
                f"{tokens.streams} × {tokens.levels} of {tokens.spec.space}"
            )
        codes = codes_of(tokens)
        if self._state is None:
            self._state = self._codec.start_decoding(codes.batch, sides=self._item_sides(codes))
        self._keep_in_step(codes)
        block, self._state = self._codec.decode_step(codes, self._state)
        self._wait(self._fader.fade_in(self._channels_of(block)))
        self._last = tokens
        self.frames += len(tokens)
        known = whole or source is not None
        return self._give(0 if known else self._withheld, source)

    def conceal(self, frames: int, source: Source | None = None) -> Block:
        """Return sound for frames that did not come: the last ones again, which fade out in 0.2 s.

        source: what was encoded, where that is known.
        """
        unit = self._track.unit
        for _ in range(0, frames, unit):
            self._wait(self._fader.fade_out(self._made_up()))
        self.frames += frames
        self.concealed += frames
        return self._give(0, source)

    def finish(self, source: Source | None) -> Block:
        """Return the rest: as long as the source, or whole frames where that is not known."""
        if self._state is not None:
            block = self._channels_of(self._codec.finish_decoding(self._state))
            self._wait(self._fader.fade_out(block) if self._fader.gain < 1 else block)
        rest = [self._resampler.step(self._waiting), self._resampler.finish()]
        total = written_length(self._track.spec, source, self.frames, self._rate)
        found: Block = np.concatenate(rest, axis=1)[:, : max(0, total - self._given)]
        return found

    def _give(self, withheld: int, source: Source | None) -> Block:
        ready = max(0, self._waiting.shape[1] - withheld)
        out: Block = self._resampler.step(self._waiting[:, :ready])
        self._waiting = self._waiting[:, ready:]
        if source is not None:
            total = written_length(self._track.spec, source, self.frames, self._rate)
            out = out[:, : max(0, total - self._given)]
        self._given += out.shape[1]
        return out

    def _made_up(self) -> Block:
        """Return the sound of the last step of all levels again, silence where nothing is left."""
        if self._last is None or self._state is None or not self._fader.gain:
            self._unseen += self._track.unit
            return np.zeros((self._channels, self._step_written), np.float32)
        start = (len(self._last) - 1) // self._track.unit * self._track.unit
        codes = codes_of(self._last[start:])
        block, self._state = self._codec.decode_step(codes, self._state)
        return self._channels_of(block)

    def _keep_in_step(self, codes: Codes) -> None:
        """Bring a decoder that takes frames in windows to the window that these codes are in.

        It decodes their first step for the frames of the window that it has not seen, and as many
        samples are left out.
        """
        unit, model = self._track.unit, self._codec.model
        window = math.lcm(unit, model.decoder.stride_in)
        for _ in range(0, self._unseen % window, unit):
            first = cut_codes(self._track.spec, codes, 0, unit)
            assert self._state is not None
            block, self._state = self._codec.decode_step(first, self._state)
            self._surplus += unit * model.frame_written
            self._wait(self._fader.fade_in(self._channels_of(block)))
        self._unseen = 0

    @property
    def _step_written(self) -> int:
        """Samples that a step of all levels becomes, at the rate that the codec writes."""
        spec = self._track.spec
        step = spec.step * spec.frame if spec.segment is None else spec.segment.hop
        return step * self._codec.model.spec.writes // spec.rate

    def _item_sides(self, codes: Codes) -> dict[str, torch.Tensor]:
        return {side.name: codes.sides[side.name] for side in self._track.spec.item_sides}

    def _channels_of(self, block: torch.Tensor) -> Block:
        samples = block.flatten(0, 1).cpu().numpy()[: self._track.channels]
        return _fanned(samples, self._channels)

    def _wait(self, block: Block) -> None:
        surplus = min(self._surplus, block.shape[1])
        self._surplus -= surplus
        self._waiting = np.concatenate([self._waiting, block[:, surplus:]], axis=1)


def _fanned(samples: Block, channels: int) -> Float32[np.ndarray, "wanted samples"]:
    """Return `channels` channels: as they are, one of all, or all of one."""
    if len(samples) == channels:
        return samples
    if channels == 1:
        mixed: Float32[np.ndarray, "wanted samples"] = samples.mean(
            axis=0, dtype=np.float32, keepdims=True
        )
        return mixed
    if len(samples) == 1:
        return np.repeat(samples, channels, axis=0)
    raise AudioError(
        f"tokens hold {len(samples)} channels, which make no {channels}; leave out --channels, "
        "or ask for 1"
    )
