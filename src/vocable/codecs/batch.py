"""Run recordings through a session: side by side where they are equally long, in tiles over time.

Whole recordings are folded through the steps of a stream, in tiles that fit the cache: that is the
fastest form measured, and memory does not grow with the length. What can not run in steps (a look
over all of time, sides of the whole) runs whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch

from vocable.audio import Audio
from vocable.codecs.chunks import Chunks
from vocable.codecs.codes import Codes, cut_codes, frames_in, join_codes, split_segments
from vocable.codecs.convert import Samples, codes_of, streams_of, tokens_of
from vocable.codecs.session import Session
from vocable.tokens import AudioTokens, Source, TokenSpec

TILE = 10  # seconds that one call of the network sees, over all streams of a batch
STREAMS = 32  # most streams that run side by side

Item = TypeVar("Item")


def encode_all(
    session: Session, spec: TokenSpec, items: Sequence[Audio], levels: int | None
) -> list[AudioTokens]:
    """Encode recordings, those of one length side by side, each as it would be alone."""
    streams = [streams_of(audio, spec) for audio in items]
    found: list[AudioTokens | None] = [None] * len(items)
    for group in groups(streams, key=lambda x: x.shape[2], size=len):
        joined = np.concatenate([streams[i] for i in group])
        codes = join_codes(spec, list(code_blocks(session, [joined], levels)))
        for i, rows in zip(group, _rows([len(streams[i]) for i in group]), strict=True):
            audio = items[i]
            source = Source(len(audio), audio.rate, audio.channels)
            found[i] = tokens_of(spec, codes.rows(rows), source)
    return [tokens for tokens in found if tokens is not None]


def decode_all(session: Session, items: Sequence[AudioTokens]) -> list[Samples]:
    """Decode tokens, those of one length side by side, to streams at the codec's rate."""
    found: list[Samples | None] = [None] * len(items)
    alike = lambda tokens: (tokens.levels, tokens.frames, tokens.segments)  # noqa: E731
    for group in groups(items, key=alike, size=lambda tokens: tokens.streams):
        codes = _side_by_side([codes_of(items[i]) for i in group])
        samples = np.concatenate(list(audio_blocks(session, [codes])), axis=2)
        for i, rows in zip(group, _rows([items[i].streams for i in group]), strict=True):
            found[i] = samples[rows]
    return [samples for samples in found if samples is not None]


def decode_chunks(session: Session, tokens: AudioTokens, chunks: Chunks) -> Samples:
    """Decode tokens chunk by chunk, each by itself, to streams at the codec's rate."""
    cuts, frame = list(chunks.cuts(len(tokens))), session.codec.frame_written
    found = decode_all(session, [tokens[cut] for cut, _ in cuts])
    pairs = zip(found, cuts, strict=True)
    return np.concatenate([x[..., before * frame :] for x, (_, before) in pairs], axis=2)


def code_blocks(
    session: Session, blocks: Iterable[Samples], levels: int | None = None
) -> Iterator[Codes]:
    """Encode a recording that comes in blocks at the codec's rate; codes come as they settle.

    A tile waits for the next one: the last is encoded together with the end, which saves a short
    recording a third of its calls.
    """
    if not session.model.encodes_in_steps:
        whole = np.concatenate(list(blocks), axis=2)
        yield session.to_codes(torch.from_numpy(whole), levels).cpu()
        return
    state, waiting = None, None
    for block in blocks:
        state = state or session.start_encoding(len(block), levels)
        for tile in _tiles(block, round(TILE * session.model.spec.rate)):
            if waiting is not None:
                codes, state = session.encode_step(waiting, state)
                yield codes.cpu()
            waiting = torch.from_numpy(tile)
    if state is not None:
        yield session.finish_encoding(state, waiting).cpu()


def audio_blocks(session: Session, pieces: Iterable[Codes]) -> Iterator[Samples]:
    """Decode codes that come in pieces to samples at the codec's rate, as they settle."""
    spec, state = session.model.spec, None
    if not session.codec.decodes_in_steps:
        whole = join_codes(spec, list(pieces))
        yield session.from_codes(whole).cpu().numpy()
        return
    items = {side.name for side in spec.item_sides}
    for piece in pieces:
        if state is None:
            sides = {name: side for name, side in piece.sides.items() if name in items}
            state = session.start_decoding(piece.batch, sides)
        for tile in _code_tiles(spec, piece, round(TILE * spec.rate) // spec.frame):
            samples, state = session.decode_step(tile, state)
            yield samples.cpu().numpy()
    if state is not None:
        yield session.finish_decoding(state).cpu().numpy()


def groups(
    items: Sequence[Item], key: Callable[[Item], Hashable], size: Callable[[Item], int]
) -> Iterator[list[int]]:
    """Yield the indices of items of one key, as many together as have at most STREAMS streams."""
    same = defaultdict(list)
    for index, item in enumerate(items):
        same[key(item)].append(index)
    for indices in same.values():
        group: list[int] = []
        for index in indices:
            if group and sum(size(items[i]) for i in [*group, index]) > STREAMS:
                yield group
                group = []
            group.append(index)
        yield group


def _rows(sizes: Sequence[int]) -> list[slice]:
    """Return the slices of a batch that belong to items of so many streams each."""
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _side_by_side(pieces: Sequence[Codes]) -> Codes:
    """Put equally long codes of several items into one batch."""
    if len(pieces) == 1:
        return pieces[0]
    first = pieces[0]
    sides = {name: torch.cat([piece.sides[name] for piece in pieces]) for name in first.sides}
    levels = (torch.cat(each) for each in zip(*pieces, strict=True))
    return Codes(levels, sides, first.segments)


def _tiles(block: np.ndarray, total: int) -> Iterator[np.ndarray]:
    """Cut along the last axis so that all streams of a tile have about `total` samples together."""
    size = max(1, total // len(block))
    for start in range(0, block.shape[2], size):
        yield np.ascontiguousarray(block[:, :, start : start + size])


def _code_tiles(spec: TokenSpec, codes: Codes, total: int) -> Iterator[Codes]:
    """Cut codes so that all streams of a tile have about `total` frames together."""
    if spec.segment is not None:
        yield from split_segments(spec, codes)
        return
    frames = frames_in(spec, codes)
    size = max(1, total // codes.batch // spec.step) * spec.step
    for start in range(0, frames, size):
        yield cut_codes(spec, codes, start, min(start + size, frames))
