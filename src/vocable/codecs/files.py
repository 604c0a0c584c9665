"""Encode and decode files of any length, block by block.

What is written stands under its final name when it is whole, and not before.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from jaxtyping import Float32

from vocable.atomic import check_target, replacing
from vocable.audio import AudioReader, AudioWriter, Resampler
from vocable.binary_streams import BinaryFile
from vocable.codecs import batch
from vocable.codecs.codes import join_codes
from vocable.codecs.convert import (
    Samples,
    check_fits,
    codes_of,
    join_streams,
    split_channels,
    tokens_as_they_come,
    tokens_of,
    written_length,
    written_rate,
)
from vocable.codecs.session import Session, check_levels
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source, TokenFile, TokenSpec, TokenWriter, Track
from vocable.tokens.array_files import ENDINGS, latents_in
from vocable.tokens.file.coding_model import CodingModel
from vocable.tokens.file.one_track import counted_chunks, track_for
from vocable.tokens.file.stamp import stamp
from vocable.tokens.formats import format_of

Progress = Callable[[float], None]  # the share that is done, 0 to 1
Listen = Callable[[Samples], None]  # hears a block of a recording


def encode_file(
    session: Session,
    spec: TokenSpec,
    source: Any,
    target: str | os.PathLike[str],
    *,
    levels: int | None = None,
    mix: bool = False,
    allow_loud: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    listen: Listen | None = None,
    model: CodingModel | None = None,
) -> None:
    """Encode a recording to a token file; the same tokens as `encode(source).save(target)`.

    The same recording, model and options give the same bytes.

    source: a path, an open file, the bytes of one, or "-" for stdin. target: a `.vcb` file, "-" for
    stdout, or an ending that `AudioTokens.save` knows. The target appears whole or not at all.
    listen: is given each block before it is encoded, at the codec's rate. model: codes the tokens
    by its probabilities, see `vocable.load.load_coder`.
    """
    check_levels(spec, levels)
    levels = None if levels is None else int(levels)
    check_target(target, overwrite=overwrite)
    format_of(target)  # refuses an unknown ending before any work
    in_arrays = Path(target).suffix.lower() in ENDINGS
    if model is not None and in_arrays:
        raise TokenError(f"{target}: arrays are not coded by a model; write a .vcb file")
    with AudioReader(source, allow_loud=allow_loud) as reader:
        channels = 1 if mix else reader.channels
        track = None  # refuses floats before any work
        if not in_arrays:
            track = Track(spec, levels or 0, rate=reader.rate, channels=channels)
        recording = _Recording(spec, reader, mix, progress, listen)
        blocks = batch.code_blocks(session, recording, levels)
        if track is None:
            codes = join_codes(spec, list(blocks))
            whole = tokens_of(spec, codes, Source(recording.samples, reader.rate, channels))
            whole.save(target, overwrite=overwrite)
        else:
            parts = tokens_as_they_come(spec, blocks)
            _write(target, overwrite, track, parts, recording, model)
    if progress:
        progress(1.0)


def decode_file(
    session: Session,
    own: TokenSpec,
    source: str | os.PathLike[str] | bytes | BinaryFile,
    target: str | os.PathLike[str],
    *,
    track: str | None = None,
    rate: int | None = None,
    trust_space: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Decode a file of tokens to a recording; the same samples as `decode` of them.

    source: a `.vcb` file, "-" for stdin, an open binary file, or a path of arrays that
    `AudioTokens.save` wrote. track: the name of one, where a file holds several of this codec.
    target: a path whose ending says the kind, or "-" for stdout. The target appears whole or not at
    all.
    """
    if (latents := latents_in(source)) is not None:
        where = str(source)
        if track is not None:
            raise TokenError(f"{where} holds one recording and no tracks; leave track out")
        held = _Held(where, latents.spec, len(latents), latents.streams, latents.source)
        _decode(session, own, held, [latents], target, rate, trust_space, overwrite)
    else:
        with TokenFile(source) as file:
            name, found = track_for(file, own, track)
            frames, encoded = file.frames(name), file.source(name)
            held = _Held(file.name, found.spec, frames, found.streams, encoded)
            pieces = counted_chunks(file, name, progress)
            _decode(session, own, held, pieces, target, rate, trust_space, overwrite)
    if progress:
        progress(1.0)


class _Held(NamedTuple):
    """What a file holds, but for its tokens."""

    name: str
    spec: TokenSpec
    frames: int
    streams: int
    source: Source | None


def _decode(
    session: Session,
    own: TokenSpec,
    held: _Held,
    pieces: Iterable[AudioTokens],
    target: str | os.PathLike[str],
    rate: int | None,
    trust_space: bool,
    overwrite: bool,
) -> None:
    """Decode what comes in pieces, block by block."""
    encoded = held.source
    check_fits(own, held.spec, trust_space=trust_space)
    if not held.frames:
        raise TokenError(f"{held.name} has 0 frames; at least 1 is needed")
    to = written_rate(own, encoded, rate)
    left = written_length(own, encoded, held.frames, to)
    channels = encoded.channels if encoded else held.streams * held.spec.channels
    resampler = Resampler(own.writes, to, channels)
    blocks = batch.audio_blocks(session, map(codes_of, pieces))
    with AudioWriter(target, to, channels, overwrite=overwrite, expected=left) as writer:
        for block in _resampled(resampler, (join_streams(encoded, b) for b in blocks)):
            writer.write(block[:, :left])
            left -= min(left, block.shape[1])


class _Recording:
    """The blocks of a recording as streams at the codec's rate; counts what was read."""

    def __init__(
        self,
        spec: TokenSpec,
        reader: AudioReader,
        mix: bool,
        progress: Progress | None,
        listen: Listen | None,
    ) -> None:
        self.spec, self.reader, self.mix, self.progress = spec, reader, mix, progress
        self.listen = listen
        self.samples = 0  # per channel, read so far

    def __iter__(self) -> Iterator[Samples]:
        channels = 1 if self.mix else self.reader.channels
        resampler = Resampler(self.reader.rate, self.spec.rate, channels)
        for block in _resampled(resampler, self._blocks()):
            streams = split_channels(self.spec, block)
            if self.listen:
                self.listen(streams)
            yield streams

    def _blocks(self) -> Iterator[Float32[np.ndarray, "channels samples"]]:
        size = max(1, round(batch.TILE * self.reader.rate) // self.reader.channels)
        for block in self.reader.blocks(size):
            self.samples += block.shape[1]
            if self.progress and self.reader.samples:
                self.progress(min(1.0, self.samples / self.reader.samples))
            yield block.mean(axis=0, dtype=np.float32, keepdims=True) if self.mix else block


def _resampled(
    resampler: Resampler, blocks: Iterator[Float32[np.ndarray, "_ _"]]
) -> Iterator[Float32[np.ndarray, "_ _"]]:
    for block in blocks:
        yield resampler.step(block)
    yield resampler.finish()


def _write(
    target: str | os.PathLike[str],
    overwrite: bool,
    track: Track,
    parts: Iterator[AudioTokens],
    recording: _Recording,
    model: CodingModel | None,
) -> None:
    seconds = lambda: recording.samples / recording.reader.rate  # noqa: E731
    with token_file(target, overwrite=overwrite, done=seconds) as file:
        writer = TokenWriter(file, track, model=model)
        for tokens in parts:
            writer.write(tokens)
        writer.finish(recording.samples)


@contextmanager
def token_file(
    target: str | os.PathLike[str], *, overwrite: bool, done: Callable[[], float]
) -> Iterator[BinaryIO]:
    """Give a file to write tokens to, which gets its name and its id when all are in it.

    done: seconds of the recording so far, for the TokenError of a disk that is full.
    """
    try:
        with replacing(target, overwrite=overwrite) as path, open(path, "w+b") as file:
            yield file
            stamp(file)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise TokenError(
            f"{target}: writing failed after {done():.1f} s ({error.strerror}); nothing is left of "
            "it: make room and run again"
        ) from error
