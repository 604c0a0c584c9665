"""Say what measures cost: processor time of a second of speech, and what processes bring.

    python -m benchmarks.measures_speed --data MANIFEST … [--clips N] [--leave-out NAME …]

Four systems are judged: two levels of a codec, and two controls that cost nothing to make. All are
made before the clock starts. Times are of processors (user and system), with every library on one
thread: of each measure alone, of all together, and for the first system of a recording apart from
the others, for which what belongs to the recording is known (`vocable.measures.kept`). Then PESQ
and STOI of all clips, by the clock, in one process and in several.
"""

import argparse
import os
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.measures import REGISTRY, load_embedding, score_recordings
from vocable.measures.kept import keep

RATE = 16000  # Hz
BY_PROCESSES = ("pesq_wb", "stoi")
VOICE = "speaker embedding"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("pesq", "pystoi", "pyworld-prebuilt", "speechmos", "onnxruntime", "Resemblyzer")

Clip = tuple[Audio, list[Audio]]  # a recording, and what each system made of it
Cost = tuple[float, float]  # seconds for the first system, and for one of the others


def main() -> None:
    """Print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="MANIFEST")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--clips", type=int, help="so many of each manifest, evenly spaced")
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if missing := [name for name in THREADS if os.environ.get(name) != "1"]:
        raise SystemExit(f"set {', '.join(missing)} to 1, so that every library has one thread")
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    found = [clip for data in options.data for clip in some(read_manifest(data), options.clips)]
    clips = [judged(codec, Audio(clip.read(RATE), RATE)) for clip in progressing(found)]
    names = [name for name in (*REGISTRY, VOICE) if name not in options.leave_out]
    for line in chain(costs_table(clips, names), [""], processes_table(clips, options.jobs)):
        print(line, flush=True)
    seconds = sum(x.seconds for x, _ in clips)
    print(f"\n{len(clips)} clips, {seconds:.0f} s; {describe(*PACKAGES, threads=1)}")


def judged(codec: Codec, x: Audio) -> Clip:
    """Return a recording, and what four systems make of it."""
    tokens = codec.encode(x)
    half = tokens.first(len(tokens.spec.levels) // 2)
    low = x.resample(7000).resample(x.rate).samples[:, : len(x)]
    few = np.round(x.samples * 127) / 127  # 8 bits
    return x, [codec.decode(tokens), codec.decode(half), Audio(low, x.rate), Audio(few, x.rate)]


def costs_table(clips: Sequence[Clip], names: Sequence[str]) -> Iterator[str]:
    """Yield the processor seconds of a second of decoded audio, by measure and for all."""
    head = ["measure", "first system", "others", "mean of four", "spread over clips"]
    yield heading(head)
    for label, asked in [*((name, [name]) for name in names), ("all together", list(names))]:
        cost(clips[0], asked)  # what is loaded and compiled once
        per_clip = [cost(clip, asked) for clip in progressing(clips, label)]
        seconds = [x.seconds for x, _ in clips]
        sides = zip(*per_clip, strict=True)
        first, others = (np.dot(side, seconds) / sum(seconds) for side in sides)
        means = [mean_of_four(each) for each in per_clip]
        spread = f"{min(means):.4f} to {max(means):.4f}"
        cells = [f"{value:.4f}" for value in (first, others, mean_of_four((first, others)))]
        yield row([label, *cells, spread])


def cost(clip: Clip, names: Sequence[str]) -> Cost:
    """Return the processor seconds of a second of audio, of the first system and the others."""
    x, systems = clip
    taken = []
    keep.forget()
    for decoded in systems:
        start = time.process_time()
        score_recordings([name for name in names if name != VOICE], x, decoded, RATE)
        if VOICE in names:
            embed = load_embedding("resemblyzer")
            embed(decoded.samples[0], RATE)
        taken.append((time.process_time() - start) / x.seconds)
    return taken[0], statistics.mean(taken[1:])


def mean_of_four(cost: Cost) -> float:
    """Return the mean over one first system and three others."""
    return (cost[0] + 3 * cost[1]) / 4


def processes_table(clips: Sequence[Clip], jobs: int) -> list[str]:
    """Return the seconds by the clock that PESQ and STOI of all clips take."""
    title = f"{' and '.join(BY_PROCESSES)}, by the clock"
    lines = [heading([title, "seconds", "times as fast as one"])]
    alone = by_processes(clips, 1)
    several = by_processes(clips, jobs)
    for count, taken in ((1, alone), (jobs, several)):
        lines.append(row([f"{count} processes", f"{taken:.1f}", f"{alone / taken:.2f}"]))
    return lines


def by_processes(clips: Sequence[Clip], jobs: int) -> float:
    """Return the seconds that so many processes take, from when all have loaded the packages."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        list(pool.map(scored, clips[:1] * (4 * jobs)))
        start = time.perf_counter()
        list(pool.map(scored, clips))
        return time.perf_counter() - start


def scored(clip: Clip) -> None:
    """Score what the systems made, in a process of its own."""
    x, systems = clip
    for decoded in systems:
        score_recordings(BY_PROCESSES, x, decoded, RATE, delay=0.0)


def some(items: list, most: int | None) -> list:
    """Return at most so many, evenly spaced."""
    return items[:: max(1, len(items) // most)][:most] if most else items


def progressing(items: Iterable, label: str = "decoding") -> Iterator:
    """Yield items and show how many have gone."""
    for done, each in enumerate(items, start=1):
        yield each
        progress(f"{label}: {done}")
    progress("")


if __name__ == "__main__":
    main()
