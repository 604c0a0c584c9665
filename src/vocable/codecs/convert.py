"""Between recordings and tensors: channels and streams, codes and tokens, lengths and rates."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.audio import LOUDEST, Audio, check_rate, is_samples, resample, resampled_length
from vocable.codecs.codes import Codes, split_segments
from vocable.errors import AudioError, ModelError, TokenError
from vocable.tokens import AudioTokens, Source, TokenSpec

Samples = Float32[np.ndarray, "streams channels samples"]


def read_source(source: Any, rate: int | None, *, allow_loud: bool = False) -> Audio:
    """Return what `encode` is given as an `Audio` that holds at least one sample."""
    rate = None if rate is None else check_rate(rate)
    if isinstance(source, Audio):
        audio = source
    elif not is_samples(source):
        audio = Audio.read(source, allow_loud=allow_loud)
    elif rate is None:
        raise AudioError("samples need their rate in Hz; pass rate=16000 or whatever it is")
    else:
        audio = Audio(source, rate, allow_loud=allow_loud)
    if rate not in (None, audio.rate):
        raise AudioError(f"rate is {rate} Hz but the recording says {audio.rate} Hz; leave it out")
    if not len(audio):
        raise AudioError("audio has 0 samples; at least 1 is needed")
    return audio


def check_block(block: Any, *, allow_loud: bool) -> None:
    """Refuse what is not a tensor, and samples far beyond ±1; NaN is left to the session."""
    if not isinstance(block, Tensor):
        raise ModelError(
            f"block is {type(block).__name__} but a step takes a tensor [batch, channels, "
            "samples]; make one by torch.as_tensor"
        )
    if allow_loud or not block.is_floating_point() or not block.numel():
        return
    peak = float(torch.linalg.vector_norm(block, torch.inf))
    if LOUDEST < peak < torch.inf:
        raise AudioError(
            f"the block reaches {peak:g}, far beyond ±1; divide 16-bit values by 32768, or pass "
            "allow_loud=True if the sound is that loud"
        )


def streams_of(audio: Audio, spec: TokenSpec) -> Samples:
    """Return a recording at the codec's rate, as streams."""
    samples = audio.samples
    if audio.rate != spec.rate:
        samples = resample(samples, audio.rate, spec.rate)
    return split_channels(spec, samples)


def split_channels(spec: TokenSpec, samples: Float32[np.ndarray, "given samples"]) -> Samples:
    """Return channels as streams of as many as the codec takes together, one each for a mono codec.

    Where the last stream lacks channels, the last channel stands in; decoding leaves those out.
    """
    lacking = -len(samples) % spec.channels
    if lacking:
        samples = np.concatenate([samples, np.repeat(samples[-1:], lacking, axis=0)])
    together = spec.channels
    return samples.reshape(len(samples) // together, together, samples.shape[1])


def join_streams(source: Source | None, samples: Samples) -> Float32[np.ndarray, "given samples"]:
    """Return the channels that streams hold: the source's, if it is known."""
    streams, channels, length = samples.shape
    joined = samples.reshape(streams * channels, length)
    return np.ascontiguousarray(joined if source is None else joined[: source.channels])


def tokens_of(spec: TokenSpec, codes: Codes, source: Source | None = None) -> AudioTokens:
    """Return codes or latents, one stream an item, as tokens."""
    kind = np.int32 if spec.latent is None else np.float32
    stacks = tuple(level.cpu().numpy().astype(kind) for level in codes)
    kinds = {side.name: side.dtype for side in spec.sides}
    sides = {name: side.cpu().numpy().astype(kinds[name]) for name, side in codes.sides.items()}
    return AudioTokens(spec, stacks, sides, source=source)


def tokens_as_they_come(spec: TokenSpec, pieces: Iterable[Codes]) -> Iterator[AudioTokens]:
    """Yield the tokens of what is not empty; segments one by one, for the last are short."""
    for codes in pieces:
        if codes[0].shape[1]:
            yield from (tokens_of(spec, piece) for piece in split_segments(spec, codes))


def codes_of(tokens: AudioTokens) -> Codes:
    """Return the codes of tokens, one item a stream; those that last are repeated."""
    tokens = tokens if tokens.durations is None else tokens.expand()
    kind = np.int64 if tokens.spec.latent is None else np.float32
    levels = (torch.from_numpy(stack.astype(kind)) for stack in tokens.stacks)
    sides = {name: torch.from_numpy(np.array(side)) for name, side in tokens.sides.items()}
    return Codes(levels, sides, tokens.segments if tokens.spec.segment else ())


def written_rate(spec: TokenSpec, source: Source | None, rate: int | None) -> int:
    """Return the rate that decoding gives: as asked, else the source's, else the codec's."""
    if rate is not None:
        return check_rate(rate)
    return source.rate if source else spec.writes


def written_length(spec: TokenSpec, source: Source | None, frames: int, rate: int) -> int:
    """Return the samples that decoding gives at `rate`: the source's length, else whole frames."""
    if source is not None:
        return resampled_length(source.samples, source.rate, rate)
    return resampled_length(int(spec.seconds(frames) * spec.rate), spec.rate, rate)


def check_fits(own: TokenSpec, spec: TokenSpec, *, trust_space: bool = False) -> None:
    """Refuse tokens that other weights gave their meaning, or that have other levels.

    The rate that is written is the decoder's own: tokens do not depend on it.
    """
    if spec.space != own.space and not trust_space:
        raise TokenError(
            f"tokens come from {spec.space} but this codec is {own.space}; "
            f"load {spec.name}, or pass trust_space=True if you know that they fit"
        )
    if not own.same_codes(replace(spec, space=own.space)):
        raise TokenError(
            f"tokens are {_described(spec)} but {own.name} decodes {_described(own)}; "
            f"load the codec that made them"
        )
    if spec.space != own.space:
        warnings.warn(
            f"tokens of {spec.space} are decoded by {own.space}, as trust_space=True asks",
            stacklevel=4,
        )


def _described(spec: TokenSpec) -> str:
    frame = f"{spec.frame} samples a frame at {spec.rate} Hz"
    if spec.latent is not None:
        return f"{spec.latent.dim} floats, {frame}"
    sizes = " × ".join(map(str, dict.fromkeys(level.size for level in spec.levels)))
    strides = "" if spec.uniform else f" of strides {[level.stride for level in spec.levels]}"
    segment = "" if spec.segment is None else f" in segments of {spec.segment.length}"
    sides = "".join(f", with {side.name}" for side in spec.sides)
    return f"{len(spec.levels)} levels of {sizes}{strides}, {frame}{segment}{sides}"
