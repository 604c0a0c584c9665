"""Time a tokenizer of units beside the encoder of a codec, in turns, in one process.

    python -m benchmarks.unit_speed NAME_OR_FOLDER [--codec speech-16k] [--seconds 60] [--turns 9]

A turn encodes a recording whole, then the first of it step by step: blocks of 40 ms, one stream,
after some to warm up. Both do each before the next turn. Ratios are medians over turns of the CPU
time, one thread: "speed" is the codec's time over that of the units, "step" the units' time over
the codec's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.recording import example
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.codecs import Tokenizer

BLOCK = 0.04  # seconds
STEPS, WARM_UP = 200, 25
HEAD = ["", "units, ms", "codec, ms", "ratio", "lowest to highest", "bar"]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("units", metavar="NAME_OR_FOLDER")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    both = [vocable.load(options.units), vocable.load(options.codec)]
    jobs: dict[str, Callable[[Tokenizer, np.ndarray], float]] = {"whole": whole, "step": step}
    length = round(options.seconds * both[0].rate)
    sounds = [np.resize(example(each.rate), length * each.rate // both[0].rate) for each in both]
    times: dict[str, list[list[float]]] = {name: [] for name in jobs}
    for _ in range(options.turns):
        for name, job in jobs.items():
            pairs = zip(both, sounds, strict=True)
            times[name].append([job(tokenizer, sound) for tokenizer, sound in pairs])
    print(heading(HEAD))
    title = f"whole, {options.seconds:g} s: speed"
    print(line(title, times["whole"], lambda units, codec: codec / units, "0.7 or more"))
    print(line("step of 40 ms: time", times["step"], lambda a, b: a / b, "1.3 or less"))
    print(f"\n{options.turns} turns, {STEPS} steps each; {describe(threads=1)}")


def whole(tokenizer: Tokenizer, sound: np.ndarray) -> float:
    """Return the seconds that a recording takes."""
    audio = Audio(sound, tokenizer.rate)
    start = time.process_time()
    tokenizer.encode(audio)
    return time.process_time() - start


def step(tokenizer: Tokenizer, sound: np.ndarray) -> float:
    """Return the mean seconds of a step."""
    size = round(BLOCK * tokenizer.rate)
    samples = torch.from_numpy(np.resize(sound, (STEPS + WARM_UP) * size))
    state = tokenizer.start_encoding(1)
    for number, block in enumerate(samples.split(size)):
        if number == WARM_UP:
            start = time.process_time()
        _, state = tokenizer.encode_step(block[None, None], state)
    return (time.process_time() - start) / STEPS


def line(
    title: str, times: list[list[float]], of: Callable[[float, float], float], bar: str
) -> str:
    """Return a row: medians over turns, and that of the ratio."""
    ratios = [of(*each) for each in times]
    middle = [f"{1000 * statistics.median(each):.2f}" for each in zip(*times, strict=True)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return row([title, *middle, f"{statistics.median(ratios):.2f}", spread, bar])


if __name__ == "__main__":
    main()
