"""Time a live stream of Mimi against Kyutai's `moshi`, frame by frame, in turns, in one process.

    python -m benchmarks.original_streams --frames 100 [--threads 1 2] [--streams 1 4]

Both have the same random weights and run exactly: no lower precision unless `--dtype` says so (of
our decoder). A turn encodes and decodes a frame of 80 ms with both, so each finds the other's
weights in the cache. One thread: CPU time of the process; more: time on the wall. Streams beyond
one are stepped together, ours alone; "× real time" is 80 ms over the mean of a frame both ways.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import defaultdict

import torch

from benchmarks.implementations import Pair, pair
from benchmarks.machine import describe
from benchmarks.originals import allocator, timed
from benchmarks.tables import heading, row
from tests.golden.mimi.make import uncompiled
from tests.parity.randomise import sound
from vocable.codecs import Codec

WARM_UP = 5  # frames
HEAD = ["streams", "threads", "job", "ours, p50 ms", "moshi, p50 ms", "moshi / ours"]
HEAD += ["× real time, both ways", "codes that differ", "load"]


def main() -> None:
    """Print a Markdown table, two rows for each number of streams and threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    made = pair("mimi", "moshi")
    made.peer.model.set_num_codebooks(made.levels)
    codec = Codec(made.ours.model, dtype=getattr(torch, options.dtype))
    print(heading(HEAD))
    for streams in options.streams:
        for threads in options.threads:
            torch.set_num_threads(threads)
            for line in measure(made, codec, streams, threads, options.frames):
                print(row(line), flush=True)
    print(f"\n{options.frames} frames, {describe('moshi')}; allocator: {allocator()}")


def measure(made: Pair, codec: Codec, streams: int, threads: int, frames: int) -> list[list[str]]:
    """Return the rows of so many streams; the peer takes one only."""
    frame = codec.spec.frame
    pieces = sound((WARM_UP + frames) * frame, streams).split(frame, 2)
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = defaultdict(list)
    encoding = codec.start_encoding(streams, levels=made.levels)
    decoding, differ = codec.start_decoding(streams), 0
    with torch.inference_mode(), uncompiled(), made.peer.model.streaming(1):
        for piece in pieces:
            codes, encoding = timed(
                clock, times["encode ours"], lambda p=piece, s=encoding: codec.encode_step(p, s)
            )
            _, decoding = timed(
                clock, times["decode ours"], lambda c=codes, s=decoding: codec.decode_step(c, s)
            )
            if streams == 1:
                theirs = timed(
                    clock, times["encode peer"], lambda p=piece: made.peer.model.encode(p)
                )
                timed(clock, times["decode peer"], lambda c=theirs: made.peer.model.decode(c))
                differ += int((torch.stack(tuple(codes), 1) != theirs).any())
    return lines({name: found[WARM_UP:] for name, found in times.items()}, streams, threads, differ)


def lines(
    times: dict[str, list[float]], streams: int, threads: int, differ: int
) -> list[list[str]]:
    """Return the rows of one case: encoding and decoding."""
    middle = {name: 1000 * statistics.median(found) for name, found in times.items()}
    both = statistics.mean(times["encode ours"]) + statistics.mean(times["decode ours"])
    found = []
    for job in ("encode", "decode"):
        ours, peer = middle[f"{job} ours"], middle.get(f"{job} peer")
        cells = [f"{peer:.1f}", f"{peer / ours:.2f}"] if peer else ["", ""]
        cells += [f"{0.08 / both:.1f}", str(differ) if peer else "", f"{os.getloadavg()[0]:.1f}"]
        found.append([str(streams), str(threads), job, f"{ours:.1f}", *cells])
    return found


if __name__ == "__main__":
    main()
