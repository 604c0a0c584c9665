"""Say what a model of tokens saves as entropy coder, level by level, against the shipped tables.

    python -m benchmarks.lm_coder MODEL SET [--split valid] [--recordings 20]

MODEL is a folder of `vocable train language`, or a name; SET a folder of `vocable data tokens`.
Recordings are cut into chunks as a token file is, and each is coded and decoded by itself. Bits of
the model are its cross-entropy on the same chunks, in one go; bytes are what the coder wrote, the
heads of records left out. Times are those of the processor, on one thread. The last table says
what it costs that each chunk begins anew.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.language.coder import Foretells, ModelCoder
from vocable.language.lessons import Lessons
from vocable.load import load_coder
from vocable.tokens import AudioTokens, Track
from vocable.tokens.coder import packed_bits
from vocable.tokens.file.coding_model import ModelCoded
from vocable.tokens.sets import TokenSet

SECONDS = (2, 5, 10, 20)  # of a chunk


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a folder or a name")
    parser.add_argument("set", help="a folder of tokens")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--recordings", type=int, default=20, metavar="N", help="the first N")
    options = parser.parse_args()
    torch.set_num_threads(1)
    coder = load_coder(options.model)
    network: Any = coder.network
    found = TokenSet(options.set)
    items = found.of_split(options.split)[: options.recordings]
    recordings = [
        stream
        for item in items
        for stream in streams_of(found.cut(item, network.asked.track), network.asked.last)
    ]
    chunks = [chunk for each in recordings for chunk in cut(each, coder.frames)]
    print("\n".join(levels_table(network, chunks)))
    print("\n" + "\n".join(coded_table(coder, chunks)))
    print("\n" + "\n".join(lengths_table(network, recordings)))
    seconds = sum(float(each.spec.seconds(each.frames)) for each in recordings)
    print(
        f"\n{len(recordings)} recordings, {seconds:.0f} s, of split {options.split}; "
        f"{coder.name}; {describe(threads=1)}"
    )


Chunk = tuple[int, AudioTokens]  # its first frame, and its tokens


def streams_of(tokens: AudioTokens, levels: int) -> Iterator[AudioTokens]:
    """Yield each stream of tokens, of so many levels."""
    for stream in range(tokens.streams):
        stacks = tuple(codes[stream : stream + 1] for codes in tokens.stacks[:levels])
        yield AudioTokens(tokens.spec, stacks)


def cut(tokens: AudioTokens, frames: int) -> Iterator[Chunk]:
    """Yield a recording in chunks of at most so many frames."""
    for start in range(0, tokens.frames, frames):
        yield start, tokens[start : start + frames]


@torch.inference_mode()
def bits_of(network: Any, chunks: Sequence[Chunk]) -> np.ndarray:
    """Return the model's cross-entropy of chunks, by level."""
    total = np.zeros(network.asked.last)
    for start, tokens in chunks:
        told = network.nats(Lessons.of([network.score(tokens, begins=start == 0)]))
        sums, _ = told.sums(network.asked.end + 1)
        total += sums.double().numpy()[: len(total)] / np.log(2)
    return total


def tables_bits(chunks: Sequence[Chunk]) -> np.ndarray:
    """Return the bits of chunks under the shipped tables, by level; packed where there is none."""
    tables = Track.of(chunks[0][1]).shipped_tables
    total = np.zeros(chunks[0][1].levels)
    for _, tokens in chunks:
        for k, codes in enumerate(tokens.stacks):
            table = None if tables is None else tables.tables[k]
            size = tokens.spec.levels[k].size
            total[k] += packed_bits(size, codes.size) if table is None else table.bits(codes)
    return total


def levels_table(network: Any, chunks: Sequence[Chunk]) -> list[str]:
    """Return bits per token of each level."""
    model, tables = bits_of(network, chunks), tables_bits(chunks)
    counts = np.array([
        sum(tokens.stacks[k].size for _, tokens in chunks) for k in range(len(model))
    ])  # fmt: skip
    lines = [heading(["level", "tables, bit", "model, bit", "saved"])]
    for k, (a, b) in enumerate(zip(tables / counts, model / counts, strict=True)):
        lines.append(row([str(k), f"{a:.3f}", f"{b:.3f}", f"{1 - b / a:.1%}"]))
    a, b = tables.sum(), model.sum()
    return [*lines, row(["all", f"{a / 8:.0f} B", f"{b / 8:.0f} B", f"{1 - b / a:.1%}"])]


def coded_table(coder: ModelCoder, chunks: Sequence[Chunk]) -> list[str]:
    """Return what the coder wrote, and how long it took both ways."""
    began, coded = time.process_time(), []
    for some in _batches(chunks):
        coded += coder.encode([tokens for _, tokens in some], [start for start, _ in some])
    encoding, began, at = time.process_time() - began, time.process_time(), 0
    for some in _batches(chunks):
        asked = [
            ModelCoded(data, start, [codes.shape[1] for codes in tokens.stacks], 1)
            for data, (start, tokens) in zip(coded[at : at + len(some)], some, strict=True)
        ]
        for (_, tokens), found in zip(some, coder.decode(asked), strict=True):
            assert all((a == b).all() for a, b in zip(tokens.stacks, found, strict=True))
        at += len(some)
    decoding = time.process_time() - began
    seconds = sum(float(tokens.spec.seconds(tokens.frames)) for _, tokens in chunks)
    size, wanted = sum(map(len, coded)), bits_of(coder.network, chunks).sum() / 8
    tables = tables_bits(chunks).sum() / 8
    return [
        heading(["written", "to the cross-entropy", "to the tables", "encode", "decode"]),
        row([
            f"{size} B", f"{size / wanted - 1:+.2%}", f"{size / tables - 1:+.2%}",
            f"{seconds / encoding:.1f} × real time", f"{seconds / decoding:.1f} × real time",
        ]),
    ]  # fmt: skip


def lengths_table(network: Foretells, recordings: Sequence[AudioTokens]) -> list[str]:
    """Return the cross-entropy where chunks are of other lengths, as far as the model sees."""
    lines = [heading(["chunk, s", "model, bit/s", "against 10 s"])]
    seconds = sum(float(each.spec.seconds(each.frames)) for each in recordings)
    rates = {}
    most = network.most_frames(network.trunk.config.context)
    for length in SECONDS:
        frames = int(length * network.spec.frame_rate) // network.spec.step * network.spec.step
        if frames <= most:
            chunks = [chunk for each in recordings for chunk in cut(each, frames)]
            rates[length] = bits_of(network, chunks).sum() / seconds
    usual = rates.get(10)
    for length, rate in rates.items():
        against = "" if usual is None else f"{rate / usual - 1:+.1%}"
        lines.append(row([str(length), f"{rate:.0f}", against]))
    return lines


def _batches(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    """Yield chunks as they run together: of like lengths, since all wait for the longest."""
    ordered = sorted(range(len(chunks)), key=lambda k: chunks[k][1].frames)
    for first in range(0, len(ordered), ModelCoder.streams):
        yield [chunks[k] for k in ordered[first : first + ModelCoder.streams]]


if __name__ == "__main__":
    main()
