"""Encode at a rate that follows the sound: neighbouring frames are one token where that pays.

adaptive = AdaptiveRate(vocable.load("speech-16k"), 0.5)
tokens = adaptive.encode("talk.flac")       # tokens.durations: frames that each token lasts
audio = adaptive.tokenizer.decode(tokens)   # codes are repeated, then decoded as ever

Segments are those of the least distortion + price · bits (quantize/merging.py), where the bits are
those of a token's codes and log2 d(d + 1) for its duration of d frames: a code for whole numbers
whose lengths fit to 1. The distortion is counted in squared distances between neighbouring entries,
so that a price means about the same for all codebooks (quantize/distortion.py). Silence is never
joined to sound, its distortion counts a tenth, and its tokens last longer (signal/silence.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from numbers import Real
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.atomic import check_target
from vocable.codecs.adaptive_runs import Cut, Frames, Quiet, Segments
from vocable.codecs.files import Listen, token_file
from vocable.codecs.recording import Recording, open_recording
from vocable.codecs.session import check_levels
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import AudioError, ModelError, TokenError
from vocable.quantize.base import as_levels
from vocable.quantize.distortion import OfCodes, OfLatents
from vocable.quantize.merging import Merger
from vocable.signal.silence import Silence
from vocable.tokens import AudioTokens, Source, TokenSpec, TokenWriter, Track
from vocable.tokens.array_files import ENDINGS

LONGEST, LAG = 16, 16  # frames of a token, and those that may wait for what follows
LONGEST_SILENCE = 64
SOUND, SILENT = 10, 1  # what a frame's distortion counts
DEAREST = 1e6  # price of a bit


@runtime_checkable
class HasVectors(Protocol):
    """Units with what each stands for, as a `UnitTokenizer` of one block of centres."""

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def vectors(self) -> Float[Tensor, "size width"]: ...

    def token_parts(self, recording: Recording) -> Iterator[AudioTokens]: ...


class AdaptiveRate:
    """Encode with a tokenizer, neighbouring frames joined where their difference is worth less.

    tokenizer   a `Tokenizer` whose levels all have a token in every frame, or a `UnitTokenizer`
    price       of a bit in distortion, 0 to 1 000 000. At 0 equal neighbours alone are joined, so
                that without `silence` the tokens expand to those of the tokenizer
    levels      one of `spec.prefixes`; default all
    silence     what silence is; None: nothing

    One level: tokens are joined by what another entry in place of a frame's own one distorts, and
    get the entry that distorts least. Several: all levels of a frame are joined together, by what
    the mean of the latents distorts, and the mean is quantized again, unless all have the same
    codes; contours of pitch and loudness are averaged point by point. Codebooks are taken as they
    are now.

    Equal latents give equal tokens, in blocks of any size. A token is settled some 16 frames late
    at most, in silence 64.

    TokenError for a price or levels that cannot be, ModelError for a tokenizer that cannot.
    """

    tokenizer: Tokenizer | HasVectors
    price: float
    levels: int
    silence: Silence | None
    distortion: OfCodes | OfLatents

    def __init__(
        self,
        tokenizer: Tokenizer | HasVectors,
        price: float,
        *,
        levels: int | None = None,
        silence: Silence | None = Silence(),  # noqa: B008 - a frozen value
    ) -> None:
        self.price, self.silence = _checked_price(price), silence
        _check_tokenizer(tokenizer)
        check_levels(tokenizer.spec, levels)
        self.tokenizer = tokenizer
        self.levels = tokenizer.spec.check_levels(levels)
        self.distortion = self._distortion()
        self._bits = float(sum(level.bits for level in tokenizer.spec.levels[: self.levels]))

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are: those of the tokenizer."""
        return self.tokenizer.spec

    def __repr__(self) -> str:
        return f"<AdaptiveRate {self.price:g} of {self.tokenizer!r}>"

    def encode(
        self, source: Any, *, rate: int | None = None, mix: bool = False, allow_loud: bool = False
    ) -> AudioTokens:
        """Encode a recording of one channel, or all of it mixed into one; see `Tokenizer.encode`.

        AudioError for several channels: tokens with durations are of one stream.
        """
        with ExitStack() as cleanup:
            recording = open_recording(source, cleanup, rate=rate, allow_loud=allow_loud)
            recording = _one_channel(recording, mix)
            parts = list(self.token_parts(recording))
            whole = Source(recording.samples, recording.rate, 1)
        lasting = [each.durations for each in parts if each.durations is not None]
        return AudioTokens(
            self.spec,
            [_joined(each.stacks[k] for each in parts) for k in range(self.levels)],
            durations=np.concatenate([np.zeros(0, np.int64), *lasting]),
            source=whole,
        )

    def encode_to(
        self,
        source: Any,
        target: str | os.PathLike[str],
        *,
        mix: bool = False,
        allow_loud: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
        listen: Listen | None = None,
    ) -> None:
        """Encode a file of any length to a token file in bounded memory; see `Tokenizer.encode_to`.

        progress: is given the share that is done, 0 to 1. listen: is given each block that is
        heard, `[1, 1, samples]` at the tokenizer's rate.
        """
        check_target(target, overwrite=overwrite)
        if Path(target).suffix.lower() in ENDINGS:
            self.encode(source, mix=mix, allow_loud=allow_loud).save(target, overwrite=overwrite)
            return
        with ExitStack() as cleanup:
            recording = open_recording(source, cleanup, allow_loud=allow_loud)
            recording = _one_channel(recording, mix)
            track = Track(self.spec, self.levels, rate=recording.rate, durations=True)
            seconds, long = 0.0, recording.stated and recording.stated / recording.rate
            with token_file(target, overwrite=overwrite, done=lambda: seconds) as file:
                writer = TokenWriter(file, track)
                for tokens in self.token_parts(recording, listen):
                    writer.write(tokens)
                    seconds += float(self.spec.seconds(tokens.frames))
                    if progress and long:
                        progress(min(1.0, seconds / long))
                writer.finish(recording.samples)
        if progress:
            progress(1.0)

    def token_parts(
        self, recording: Recording, listen: Listen | None = None
    ) -> Iterator[AudioTokens]:
        """Yield the tokens of one channel of any length as they are settled, in bounded memory."""
        quiet = Quiet(self.silence, self.spec, listen)
        segments = Segments(self.cut, self.distortion, self.levels)
        for frames in self._frames(recording, quiet):
            yield from self._tokens(segments.push(frames, quiet.take()))
        yield from self._tokens(segments.push(None, quiet.finish()))
        yield from self._tokens(segments.finish())

    def cut(self, silent: bool) -> Cut:
        """Return how a run of frames is cut that is silent, or is not."""
        longest = LONGEST_SILENCE if silent else LONGEST
        frames = np.arange(1, longest + 1)
        bits = self._bits + np.log2(frames * (frames + 1))
        prices = np.rint(SOUND * self.distortion.unit * self.price * bits).astype(np.int64)
        weight = SILENT if silent else SOUND
        return Cut(Merger(longest, max(longest, LAG)), weight, prices)

    def _distortion(self) -> OfCodes | OfLatents:
        if not isinstance(self.tokenizer, Tokenizer):
            return OfCodes(self.tokenizer.vectors)
        quantizer = self.tokenizer.model.quantizer
        if self.levels > 1:
            return OfLatents(quantizer, self.levels)
        codes = torch.arange(self.spec.levels[0].size, device=self.tokenizer.device)
        with torch.inference_mode():
            return OfCodes(quantizer.axes_of(codes[None, None])[0])

    def _frames(self, recording: Recording, quiet: Quiet) -> Iterator[Frames]:
        """Yield the frames of a recording; `quiet` hears all of it."""
        blocks = (quiet.hear(block) for block in recording.at(self.spec.rate))
        if isinstance(self.tokenizer, Tokenizer):
            yield from self._frames_of_latents(self.tokenizer, blocks)
            return
        count = 0
        for tokens in self.tokenizer.token_parts(recording):
            count += tokens.frames
            while quiet.frames < count and next(blocks, None) is not None:
                pass
            yield self._frames_of_codes(tokens.stacks[0].astype(np.int64))
        for _ in blocks:
            pass

    def _frames_of_latents(
        self, tokenizer: Tokenizer, blocks: Iterator[Float[Tensor, " samples"]]
    ) -> Iterator[Frames]:
        session = tokenizer._session
        state = session.start_encoding(1, self.levels)
        for block in blocks:
            z, state = session.latent_step(block[None, None], state)
            yield self._quantized(tokenizer, z)
        yield self._quantized(tokenizer, session.finish_latents(state))

    def _quantized(self, tokenizer: Tokenizer, z: Float[Tensor, "1 frames dim"]) -> Frames:
        with torch.inference_mode():
            found = as_levels(tokenizer.model.quantizer.encode(z, self.levels))
            codes = np.stack([level[0].cpu().numpy() for level in found])
            if isinstance(self.distortion, OfLatents):
                return Frames(codes, self.distortion.rows(z[0]))
            return self._frames_of_codes(codes)

    def _frames_of_codes(self, codes: Int64[np.ndarray, "1 frames"]) -> Frames:
        assert isinstance(self.distortion, OfCodes)
        return Frames(codes, self.distortion.rows(codes[0]))

    def _tokens(self, found: tuple[np.ndarray, np.ndarray]) -> Iterator[AudioTokens]:
        codes, durations = found
        if len(durations):
            yield AudioTokens(self.spec, [*codes[:, None]], durations=durations)


def _checked_price(price: object) -> float:
    if not isinstance(price, Real) or not 0 <= float(price) <= DEAREST:
        raise TokenError(
            f"the price of a bit must be a number from 0 to {DEAREST:g}, got {price!r}"
        )
    return float(price)


def _check_tokenizer(tokenizer: Any) -> None:
    # units of several blocks of centres have no vectors, and say so when they are asked
    if not isinstance(tokenizer, Tokenizer) and getattr(tokenizer, "vectors", None) is None:
        name = getattr(tokenizer, "name", repr(tokenizer))
        raise ModelError(f"{name} has no codebook of one level; take a Tokenizer, or units")
    spec = tokenizer.spec
    if not spec.uniform:
        strides = ", ".join(str(level.stride) for level in spec.levels)
        raise ModelError(
            f"{spec.name} has levels of strides {strides}; an adaptive rate needs a token of every "
            "level in each frame"
        )
    if spec.segment is not None or spec.channels > 1:
        raise ModelError(f"{spec.name} codes segments or stereo; an adaptive rate needs frames")
    if isinstance(tokenizer, Tokenizer) and not tokenizer.model.encodes_in_steps:
        raise ModelError(f"{spec.name} takes whole recordings; an adaptive rate needs steps")


def _one_channel(recording: Recording, mix: bool) -> Recording:
    if mix:
        return recording.mono()
    if recording.channels > 1:
        raise AudioError(
            f"the recording has {recording.channels} channels, and tokens with durations are of "
            "one; mix them by mix=True (--mix)"
        )
    return recording


def _joined(parts: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros((1, 0), np.int32), *parts], axis=1)
