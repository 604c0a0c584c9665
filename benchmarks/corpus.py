"""Measure how a corpus is encoded: speed with more workers, what it costs, memory, deaths, Ray.

    python -m benchmarks.corpus workers --files 600 --turns 3      # two workers beside one
    python -m benchmarks.corpus overhead --files 240 --turns 5     # beside encode_batch
    python -m benchmarks.corpus memory --hours 100 --codec dmel-16k
    python -m benchmarks.corpus kills --files 300 --kills 20
    python -m benchmarks.corpus ray --files 600 --turns 3          # beside processes; needs ray

Recordings are pieces of the example, 3 to 12 s, FLAC, at 16 kHz or (--rate) another rate. "Steady"
is the rate from the moment when each worker has made a piece; the whole also loads the model, plans
and finishes. Compared ways run in turns, each worker on one thread. The bars: two workers 1.85
times one; CPU time at most 1.10 times that of encode_batch on the files, and at least 0.85 of the
speed of encode_batch on arrays at the codec's rate; a worker's memory at the end within 1.05 of
that at a tenth; after kills the same bytes; Ray 0.9 of processes here.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

import vocable
from benchmarks.corpus_deaths import disturbed
from benchmarks.corpus_memory import Watch
from benchmarks.corpus_recordings import repeated, write_recordings
from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.corpus import encode_corpus
from vocable.corpus.run import planned
from vocable.corpus.worker import Maker

PIECE = 8  # recordings in a piece


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", nargs="?", choices=sorted(JOBS), default="overhead")
    parser.add_argument("--files", type=int, default=240)
    parser.add_argument("--rate", type=int, default=16_000, help="of the files, Hz")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--hours", type=float, default=100)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the kills")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--to", default="webdataset", help="the form of the output")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        JOBS[options.job](options, Path(folder))
    packages = ("ray",) if options.job == "ray" else ()
    print(f"\n{describe(*packages, threads=1)}")


def workers(options: argparse.Namespace, folder: Path) -> None:
    """Compare --workers with one."""
    ways = {f"{n}": {"workers": n} for n in (1, options.workers)}
    _compared(options, folder, "workers", ways)


def ray(options: argparse.Namespace, folder: Path) -> None:
    """Compare Ray with processes of this machine, as many of each."""
    count = {"workers": options.workers}
    ways = {"processes": count, "Ray": count | {"ray": "local"}}
    _compared(options, folder, "by", ways)


def _compared(options: argparse.Namespace, folder: Path, head: str, ways: dict[str, dict]) -> None:
    seconds = write_recordings(folder / "sounds", options.files, options.rate)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(options.turns):
        for name, given in ways.items():
            out = folder / f"{name}-{turn}"
            found[name].append(_speeds(options, folder / "sounds", out, seconds, given))
    print(heading([head, "steady, × real time", "spread", "of the first", "whole, s", "spread"]))
    first = next(iter(found.values()))
    for name, runs in found.items():
        steady, whole = zip(*runs, strict=True)
        ratio = statistics.median(a[0] / b[0] for a, b in zip(runs, first, strict=True))
        cells = [f"{statistics.median(steady):.0f}", _spread(steady, 0), f"{ratio:.2f}"]
        print(row([name, *cells, f"{statistics.median(whole):.1f}", _spread(whole, 1)]))
    print(f"\n{options.files} recordings, {seconds:.0f} s; {options.turns} turns")


def _speeds(
    options: argparse.Namespace, source: Path, out: Path, seconds: float, given: dict
) -> tuple[float, float]:
    """Return seconds of sound a second while all workers work, and the seconds of the whole."""
    times = list[float]()
    begun = time.perf_counter()
    encode_corpus(
        source, out, options.codec, to=options.to, size=PIECE,
        progress=lambda _: times.append(time.perf_counter()), **given,
    )  # fmt: skip
    whole = time.perf_counter() - begun
    first = given["workers"] - 1  # the piece with which all have made one
    share = (len(times) - 1 - first) / len(times)
    return share * seconds / (times[-1] - times[first]), whole


def overhead(options: argparse.Namespace, folder: Path) -> None:
    """Compare making the pieces of a corpus with encode_batch alone, in CPU time of one process."""
    write_recordings(folder / "sounds", options.files, options.rate)
    codec = vocable.load(options.codec)
    paths = sorted((folder / "sounds").iterdir())
    arrays = [vocable.Audio.read(path).resample(codec.spec.rate) for path in paths]
    codec.encode_batch(arrays[:8])
    ways: dict[str, Callable[[], object]] = {
        "encode_batch of arrays": lambda: codec.encode_batch(arrays),
        "encode_batch of files": lambda: codec.encode_batch(paths),
        "corpus": lambda: None,
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(options.turns):
        ways["corpus"] = _pieces(options, folder / "sounds", folder / f"out-{turn}")
        for name, do in ways.items():
            begun = time.process_time()
            do()
            found[name].append(time.process_time() - begun)
    _tell_overhead(found)
    sound = sum(each.seconds for each in arrays)
    print(f"\n{len(paths)} recordings of {options.rate} Hz, {sound:.0f} s; {options.turns} turns")


def _pieces(options: argparse.Namespace, source: Path, out: Path) -> Callable[[], None]:
    """Return what makes all pieces of a corpus in this process."""
    work, tokenizer, pieces = planned(source, out, options.codec, to=options.to)
    maker = Maker(work, tokenizer)

    def make() -> None:
        for piece in pieces:
            maker.make(piece)

    return make


def _tell_overhead(found: dict[str, list[float]]) -> None:
    print(heading(["way", "CPU, s", "spread", "speed, of arrays", "cost, of files"]))
    arrays, files, _ = found.values()
    for name, times in found.items():
        speed = statistics.median(a / b for a, b in zip(arrays, times, strict=True))
        cost = statistics.median(b / a for a, b in zip(files, times, strict=True))
        cells = [f"{statistics.median(times):.2f}", _spread(times, 2)]
        print(row([name, *cells, f"{speed:.2f}", f"{cost:.2f}"]))


def memory(options: argparse.Namespace, folder: Path) -> None:
    """Sample the resident memory of workers over so many hours."""
    seconds = repeated(folder / "sounds", options.hours * 3600, options.rate)
    with Watch(os.getpid()) as watch:
        begun = time.perf_counter()
        report = encode_corpus(
            folder / "sounds", folder / "out", options.codec, to=options.to,
            workers=options.workers, progress=watch.note,
        )  # fmt: skip
        lasted = time.perf_counter() - begun
    print(heading(["hours done", "a worker's memory, MB", "the run's own, MB"]))
    for share, worker, own in watch.tenths():
        print(row([f"{share * seconds / 3600:.1f}", f"{worker / 1e6:.0f}", f"{own / 1e6:.0f}"]))
    print(f"\n{report.seconds / 3600:.1f} h in {report.recordings} recordings, {lasted:.0f} s")


def kills(options: argparse.Namespace, folder: Path) -> None:
    """Kill workers and runs at random moments, and compare all bytes with an undisturbed run."""
    write_recordings(folder / "sounds", options.files, options.rate)
    arguments = ["--codec", options.codec, "--to", options.to, "--piece", str(PIECE)]
    arguments += ["--workers", str(options.workers)]
    found = disturbed(folder, arguments, options.kills, options.seed)
    print(heading(["kills", "of runs", "of workers", "corpora", "files", "that differ"]))
    print(row([str(cell) for cell in found.cells()]))


def _spread(values: list[float] | tuple[float, ...], digits: int) -> str:
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


JOBS = {"workers": workers, "overhead": overhead, "memory": memory, "kills": kills, "ray": ray}

if __name__ == "__main__":
    main()
