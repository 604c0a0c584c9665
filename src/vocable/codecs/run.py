"""Give every codec recordings in and out: rates, channels, exact lengths, batches, identity.

Whole recordings are folded through the steps of a stream, in tiles that fit the cache: that is the
fastest form measured, and memory does not grow with the length. Files of any length: `files.py`.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int

from vocable.audio import Audio, check_rate, resample, resampled_length
from vocable.codecs import session
from vocable.codecs.base import Codec
from vocable.errors import AudioError, TokenError
from vocable.tokens import AudioTokens, Source, TokenSpec

TILE = 10  # seconds that one call of the network sees, over all streams of a batch
STREAMS = 32  # most streams that run side by side

Samples = Float32[np.ndarray, "streams channels samples"]
Codes = Int[np.ndarray, "streams levels frames"]


def encode(
    codec: Codec,
    source: Any,
    *,
    rate: int | None = None,
    levels: int | None = None,
    mix: bool = False,
) -> AudioTokens:
    """Encode a recording; the tokens remember its samples, rate and channels.

    source: a path, an open binary file, an `Audio`, or samples `[samples]` or `[channels, samples]`
    (array, list or tensor) with their `rate` in Hz; int16 is scaled, `[samples, few]` refused.
    levels: one of `spec.prefixes`; default all. mix: average the channels into one first.
    A mono codec codes each channel as a stream. Raises AudioError for a recording that cannot be
    used, TokenError for a number of levels that the codec does not offer.
    """
    return encode_batch(codec, [source], rate=rate, levels=levels, mix=mix)[0]


def encode_batch(
    codec: Codec,
    sources: Sequence[Any],
    *,
    rate: int | None = None,
    levels: int | None = None,
    mix: bool = False,
) -> list[AudioTokens]:
    """Encode several recordings, those of one length side by side, each as `encode` would."""
    spec = codec.spec
    session.check_levels(codec, levels)
    items = [read_source(source, rate) for source in sources]
    items = [audio.mono() for audio in items] if mix else items
    parts = [_to_streams(codec, audio) for audio in items]
    found: dict[int, np.ndarray] = {}
    for group in _groups([(len(part), part.shape[2]) for part in parts]):
        joined = np.concatenate([parts[i] for i in group])
        codes = np.concatenate(list(code_blocks(codec, [joined], levels)), axis=2)
        edges = np.cumsum([len(parts[i]) for i in group])[:-1]
        found.update(zip(group, np.split(codes, edges), strict=True))
    return [
        AudioTokens(spec, stacks(found[i]), source=Source(len(audio), audio.rate, audio.channels))
        for i, audio in enumerate(items)
    ]


def decode(
    codec: Codec, tokens: AudioTokens, *, rate: int | None = None, trust_space: bool = False
) -> Audio:
    """Decode tokens to exactly the samples, channels and rate of their source.

    Tokens without a source (slices, generated ones) give whole frames at the codec's rate.
    rate: another rate in Hz. trust_space: decode tokens of other weights, with a warning.
    Raises TokenError for tokens of another codec or other weights, naming both.
    """
    return decode_batch(codec, [tokens], rate=rate, trust_space=trust_space)[0]


def decode_batch(
    codec: Codec,
    tokens: Sequence[AudioTokens],
    *,
    rate: int | None = None,
    trust_space: bool = False,
) -> list[Audio]:
    """Decode several tokens, those of one length side by side, each as `decode` would."""
    for item in tokens:
        _check_tokens(item)
        check_fits(codec, item.spec, trust_space=trust_space)
    rates = [written_rate(item.spec, item.source, rate) for item in tokens]
    codes = [_codes(item) for item in tokens]
    found: dict[int, np.ndarray] = {}
    for group in _groups([array.shape for array in codes]):
        joined = np.concatenate([codes[i] for i in group])
        samples = np.concatenate(list(audio_blocks(codec, [joined])), axis=2)
        edges = np.cumsum([len(codes[i]) for i in group])[:-1]
        found.update(zip(group, np.split(samples, edges), strict=True))
    return [_to_audio(found[i], item, rates[i]) for i, item in enumerate(tokens)]


def code_blocks(
    codec: Codec, blocks: Iterable[Samples], levels: int | None = None
) -> Iterator[Codes]:
    """Encode a recording that comes in blocks at the codec's rate; codes come as they settle."""
    state = None
    for block in blocks:
        state = state or session.start_encoding(codec, len(block), levels)
        for part in _tiles(block, round(TILE * codec.rate)):
            codes, state = session.encode_step(codec, torch.from_numpy(part), state)
            yield codes.cpu().numpy()
    if state is not None:
        yield session.finish_encoding(codec, state).cpu().numpy()


def audio_blocks(codec: Codec, blocks: Iterable[Codes]) -> Iterator[Samples]:
    """Decode codes that come in blocks to samples at the codec's rate, as they settle."""
    state = None
    for block in blocks:
        state = state or session.start_decoding(codec, len(block))
        for part in _tiles(block, round(TILE * codec.rate) // codec.frame):
            codes = torch.from_numpy(part.astype(np.int64))
            samples, state = session.decode_step(codec, codes, state)
            yield samples.cpu().numpy()
    if state is not None:
        yield session.finish_decoding(codec, state).cpu().numpy()


def check_fits(codec: Codec, spec: TokenSpec, *, trust_space: bool = False) -> None:
    """Refuse tokens that other weights gave their meaning, or that have other levels."""
    own = codec.spec
    if spec.space != own.space:
        if not trust_space:
            raise TokenError(
                f"tokens come from {spec.space} but this codec is {own.space}; "
                f"load {spec.name}, or pass trust_space=True if you know that they fit"
            )
        warnings.warn(
            f"tokens of {spec.space} are decoded by {own.space}, as trust_space=True asks",
            stacklevel=2,
        )
    if replace(spec, space=own.space) != own:
        raise TokenError(
            f"tokens are {_shape_of(spec)} but {own.name} decodes {_shape_of(own)}; "
            f"load the codec that made them"
        )


def read_source(source: Any, rate: int | None) -> Audio:
    """Return what `encode` is given as an `Audio` that holds at least one sample."""
    rate = None if rate is None else check_rate(rate)
    if isinstance(source, Audio):
        audio = source
    elif isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "read"):
        audio = Audio.read(source)
    elif rate is None:
        raise AudioError("samples need their rate in Hz; pass rate=16000 or whatever it is")
    else:
        return read_source(Audio(source, rate), rate)
    if rate not in (None, audio.rate):
        raise AudioError(f"rate is {rate} Hz but the recording says {audio.rate} Hz; leave it out")
    if not len(audio):
        raise AudioError("audio has 0 samples; at least 1 is needed")
    return audio


def split_channels(codec: Codec, samples: Float32[np.ndarray, "given samples"]) -> Samples:
    """Return channels as streams of as many as the codec takes together, one each for a mono codec.

    Where the last stream lacks channels, the last channel stands in; decoding leaves those out.
    """
    lacking = -len(samples) % codec.channels
    if lacking:
        samples = np.concatenate([samples, np.repeat(samples[-1:], lacking, axis=0)])
    together = codec.channels
    return samples.reshape(len(samples) // together, together, samples.shape[1])


def join_streams(source: Source | None, samples: Samples) -> Float32[np.ndarray, "given samples"]:
    """Return the channels that streams hold: the source's, if it is known."""
    streams, channels, length = samples.shape
    joined = samples.reshape(streams * channels, length)
    return np.ascontiguousarray(joined if source is None else joined[: source.channels])


def stacks(codes: Codes) -> tuple[np.ndarray, ...]:
    """Return codes as one int32 array `[streams, frames]` a level."""
    return tuple(np.ascontiguousarray(codes[:, k], dtype=np.int32) for k in range(codes.shape[1]))


def written_rate(spec: TokenSpec, source: Source | None, rate: int | None) -> int:
    """Return the rate that decoding gives: as asked, else the source's, else the codec's."""
    if rate is not None:
        return check_rate(rate)
    return source.rate if source else spec.writes


def written_length(spec: TokenSpec, source: Source | None, frames: int, rate: int) -> int:
    """Return the samples that decoding gives at `rate`: the source's length, else whole frames."""
    if source is not None:
        return resampled_length(source.samples, source.rate, rate)
    return resampled_length(frames * spec.frame, spec.rate, rate)


def _to_streams(codec: Codec, audio: Audio) -> Samples:
    rate = codec.rate
    samples = audio.samples if audio.rate == rate else resample(audio.samples, audio.rate, rate)
    return split_channels(codec, samples)


def _to_audio(samples: Samples, tokens: AudioTokens, to: int) -> Audio:
    length = written_length(tokens.spec, tokens.source, len(tokens), to)
    joined = join_streams(tokens.source, samples)
    return Audio(resample(joined, tokens.spec.writes, to)[:, :length], to)


def _shape_of(spec: TokenSpec) -> str:
    sizes = " × ".join(map(str, dict.fromkeys(level.size for level in spec.levels)))
    return f"{len(spec.levels)} levels of {sizes}, {spec.frame} samples a frame at {spec.rate} Hz"


def _check_tokens(tokens: Any) -> None:
    if not isinstance(tokens, AudioTokens):
        raise TokenError(
            f"decode takes AudioTokens, got {type(tokens).__name__}; of a file, read them by "
            "vocable.read_tokens(path), or decode it to another by decode_to"
        )


def _codes(tokens: AudioTokens) -> Codes:
    if not len(tokens):
        raise TokenError("tokens have 0 frames; at least 1 is needed")
    return tokens.codes


def _groups(shapes: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
    """Group items whose shapes differ at most in the first number; its sum stays ≤ STREAMS."""
    same = defaultdict(list)
    for index, shape in enumerate(shapes):
        same[shape[1:]].append(index)
    for indices in same.values():
        group: list[int] = []
        for index in indices:
            if group and sum(shapes[i][0] for i in [*group, index]) > STREAMS:
                yield group
                group = []
            group.append(index)
        yield group


def _tiles(block: np.ndarray, total: int) -> Iterator[np.ndarray]:
    """Cut along the last axis so that all streams of a tile have about `total` places together."""
    size = max(1, total // len(block))
    for start in range(0, block.shape[2], size):
        yield np.ascontiguousarray(block[:, :, start : start + size])
