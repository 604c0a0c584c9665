"""Time a live stream: every call encodes one block and decodes its codes.

    python -m benchmarks.streaming [--codec NAME_OR_FOLDER] [--streams 1 32] [--threads 1 2]

A block is one frame of samples of each stream. "× real time, together" is the time that a block
lasts over the mean wall time of its call, for all streams at once.
"""

import argparse
import os
import time

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.recording import example
from benchmarks.tables import heading, row
from vocable.codecs import Codec

WARM_UP = 25


def main() -> None:
    """Print a Markdown table, one row for each number of streams and threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--calls", type=int, default=1000)
    options = parser.parse_args()
    codec = vocable.load(options.codec)
    block = 1000 * codec.spec.frame / codec.spec.rate
    head = ["streams", "threads", "CPU mean, ms", "wall p50, ms", "p99, ms", "longest, ms"]
    head += ["× real time, together", "load"]
    print(heading(head))
    for streams in options.streams:
        for threads in options.threads:
            torch.set_num_threads(threads)
            cpu, wall = stream(codec, streams, options.calls)
            cells = [np.mean(cpu), *np.percentile(wall, (50, 99)), wall.max()]
            shown = [f"{1000 * value:.2f}" for value in cells]
            together = f"{block / 1000 / wall.mean():.1f}"
            load = f"{os.getloadavg()[0]:.2f}"
            print(row([str(streams), str(threads), *shown, together, load]), flush=True)
    print(f"\n{options.calls} calls of {block:g} ms, after {WARM_UP} to warm up; {describe()}")


def stream(codec: Codec, streams: int, calls: int) -> tuple[np.ndarray, np.ndarray]:
    """Return CPU and wall seconds of encode + decode, for each call."""
    encoding, decoding = codec.start_encoding(streams), codec.start_decoding(streams)
    times = []
    for block in blocks(codec, streams, WARM_UP + calls):
        wall, cpu = time.perf_counter(), time.process_time()
        codes, encoding = codec.encode_step(block, encoding)
        _, decoding = codec.decode_step(codes, decoding)
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_times, wall_times = np.array(times[WARM_UP:]).T
    return cpu_times, wall_times


def blocks(codec: Codec, streams: int, calls: int) -> list[torch.Tensor]:
    """Return `calls` blocks [streams, 1, frame] of the example, each starting elsewhere in it."""
    samples = torch.from_numpy(example(codec.spec.rate))
    frame = codec.spec.frame
    starts = np.arange(streams) * 7919  # a prime, so that streams are not in step
    return [
        torch.stack([samples.roll(-int(s) - i * frame)[:frame] for s in starts])[:, None]
        for i in range(calls)
    ]


if __name__ == "__main__":
    main()
