"""What `vocable stream` does with blocks: resample, step the codec, write at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vocable.audio import Resampler, check_finite
from vocable.codecs.run import check_fits, split_channels, stacks, written_length
from vocable.errors import AudioError
from vocable.tokens import AudioTokens, TokenWriter, Track
from vocable.tokens.file.records import Cut

if TYPE_CHECKING:
    from vocable.cli.pcm import PcmWriter, Samples
    from vocable.codecs import Codec
    from vocable.tokens import Source, TokenReader

log = logging.getLogger("vocable")


def encode_stream(
    codec: Codec,
    blocks: Iterator[Samples],
    target: Any,
    *,
    rate: int,
    channels: int,
    levels: int | None = None,
) -> None:
    """Encode `[channels, samples]` at `rate` Hz as they come; each block's tokens are one chunk."""
    spec = codec.spec
    track = Track(spec, levels=levels or 0, rate=rate, channels=channels)
    encoder = _Encoder(codec, track)
    samples = 0
    with TokenWriter(target, track, chunk_seconds=0) as file:
        for block in blocks:
            check_finite(block, rate, name="stdin", start=samples)
            samples += block.shape[1]
            encoder.push(block, file)
        if not samples:
            raise AudioError("stdin has no samples; is what should write them running?")
        encoder.finish(file)
        file.finish(samples)


class _Encoder:
    """One recording on its way through the resampler and the codec into a file."""

    def __init__(self, codec: Codec, track: Track) -> None:
        self._codec, self._spec = codec, track.spec
        self._resampler = Resampler(track.rate, track.spec.rate, track.channels)
        self._state = codec.start_encoding(track.streams, levels=track.levels)

    def push(self, block: Samples, file: TokenWriter) -> None:
        self._step(self._resampler.step(block), file)

    def finish(self, file: TokenWriter) -> None:
        self._step(self._resampler.finish(), file)
        self._write(self._codec.finish_encoding(self._state), file)

    def _step(self, samples: Samples, file: TokenWriter) -> None:
        rows = torch.from_numpy(split_channels(self._codec, samples))
        codes, self._state = self._codec.encode_step(rows, self._state)
        self._write(codes, file)

    def _write(self, codes: torch.Tensor, file: TokenWriter) -> None:
        if codes.shape[2]:
            file.write(AudioTokens(self._spec, stacks(codes.cpu().numpy())))


def decode_stream(
    codec: Codec, reader: TokenReader, target: PcmWriter, *, rate: int | None, channels: int | None
) -> None:
    """Decode a stream of tokens as they come, to exactly the samples that its end states.

    The last frame is held back until more follows or the end says how much of it is sound.
    """
    (track,) = reader.tracks.values()
    check_fits(codec, track.spec)
    decoder = _Decoder(codec, track, rate or track.rate, channels or track.channels)
    for tokens in _arriving(reader):
        target.write(decoder.push(tokens))
    target.write(decoder.finish(reader.source()))


def _arriving(reader: TokenReader) -> Iterator[AudioTokens]:
    """Yield the tokens of each whole chunk; warn where the stream breaks off inside one."""
    try:
        for _, tokens in reader:
            yield tokens
    except Cut:
        log.warning("the tokens end without a closing record: the stream was broken off")


class _Decoder:
    """One stream on its way through the codec and the resampler to samples."""

    def __init__(self, codec: Codec, track: Track, rate: int, channels: int) -> None:
        self._codec, self._track, self._rate, self._channels = codec, track, rate, channels
        self._state = codec.start_decoding(track.streams)
        self._resampler = Resampler(track.spec.writes, rate, channels)
        self._held = np.zeros((channels, 0), np.float32)
        self._frames = self._given = 0

    def push(self, tokens: AudioTokens) -> Samples:
        """Return the samples that these tokens settle, up to the last frame."""
        codes = torch.from_numpy(tokens.codes.astype(np.int64))
        block, self._state = self._codec.decode_step(codes, self._state)
        self._frames += len(tokens)
        self._hold(block)
        ready = max(0, self._held.shape[1] - self._track.spec.frame)
        out = self._resampler.step(self._held[:, :ready])
        self._held = self._held[:, ready:]
        self._given += out.shape[1]
        return out

    def finish(self, source: Source | None) -> Samples:
        """Return the rest: as long as the source, or whole frames where that is not known."""
        self._hold(self._codec.finish_decoding(self._state))
        rest = [self._resampler.step(self._held), self._resampler.finish()]
        total = written_length(self._track.spec, source, self._frames, self._rate)
        return np.concatenate(rest, axis=1)[:, : total - self._given]

    def _hold(self, block: torch.Tensor) -> None:
        samples = block.flatten(0, 1).cpu().numpy()[: self._track.channels]
        self._held = np.concatenate([self._held, _fanned(samples, self._channels)], axis=1)


def _fanned(samples: Samples, channels: int) -> Samples:
    """Return `channels` channels: as they are, one of all, or all of one."""
    if len(samples) == channels:
        return samples
    if channels == 1:
        mixed: Samples = samples.mean(axis=0, dtype=np.float32, keepdims=True)
        return mixed
    if len(samples) == 1:
        return np.repeat(samples, channels, axis=0)
    raise AudioError(
        f"tokens hold {len(samples)} channels, which make no {channels}; leave out --channels, "
        "or ask for 1"
    )
