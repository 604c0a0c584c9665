"""Time `vocable encode FOLDER` of many short recordings beside `encode_batch` of their samples.

    python -m benchmarks.many_files --files 1000 --turns 5 [--codec NAME_OR_FOLDER]

Files are pieces of the example, 1 to 3 s long, FLAC. Both run in one process, in turns, on one
thread: the command writes a token file for each recording, `encode_batch` gets arrays and writes
nothing. Seconds of CPU time; the bar is a throughput of 0.8.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.recording import example
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.cli.group import commands

SHORTEST, LONGEST = 1.0, 3.0  # seconds


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, required=True)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    items = [Audio(x[None], codec.spec.rate) for x in pieces(codec.spec.rate, options.files)]
    batch, files = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, item in enumerate(items):
            soundfile.write(Path(folder, f"{number}.flac"), item.samples[0], item.rate)
        codec.encode_batch(items[:20])
        for _ in range(options.turns):
            batch.append(timed(lambda: codec.encode_batch(items)))
            files.append(timed(lambda: encode_folder(folder, options.codec)))
    seconds = sum(len(item) for item in items) / codec.spec.rate
    print(heading(["files", "audio, s", "encode_batch, s", "vocable encode, s", "ratio", "load"]))
    ratio = statistics.median(a / b for a, b in zip(batch, files, strict=True))
    cells = [f"{statistics.median(times):.1f}" for times in (batch, files)]
    load = f"{os.getloadavg()[0]:.1f}"
    print(row([str(len(items)), f"{seconds:.0f}", *cells, f"{ratio:.2f}", load]))
    print(f"\n{options.turns} turns; {describe(threads=1)}")


def pieces(rate: int, count: int) -> list[np.ndarray]:
    """Return pieces of the example of random lengths."""
    samples, rng = example(rate), np.random.default_rng(0)
    lengths = rng.integers(int(SHORTEST * rate), int(LONGEST * rate), count)
    starts = rng.integers(0, len(samples) - int(LONGEST * rate), count)
    return [samples[a : a + n] for a, n in zip(starts, lengths, strict=True)]


def encode_folder(folder: str, codec: str) -> None:
    """Run the command as a user does, on one thread."""
    arguments = ["encode", folder, "-o", f"{folder}/tokens", "--codec", codec, "--threads", "1"]
    try:
        commands.main([*arguments, "--force", "--quiet"])
    except SystemExit as end:
        if end.code:
            raise


def timed(call: object) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    call()  # type: ignore[operator]
    return time.process_time() - start


if __name__ == "__main__":
    main()
