"""Hold ViSQOL to the scores that google/visqol publishes, and its speed to visqol-python's.

    python -m benchmarks.visqol --testdata FOLDER [--turns 5]

FOLDER holds the recordings of google/visqol's `testdata/`, as WAV or FLAC; cases whose recordings
it lacks are left out. Their scores are those of `src/include/conformance.h` at conformance number
333, whose own tolerance is 1e-4. Times are medians of processor time on one thread over turns of
both packages, after one that is not counted. visqol-python (with numba, which it uses where there
is one, and ai-edge-litert for the lattice) is compared with where it is installed.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.measures import visqol

HEAD = ["reference", "degraded", "seconds", "mode, mapping", "published", "vocable", "off by"]
PACKAGES = ("visqol-python", "numba", "ai-edge-litert")
PEER = ["visqol-python", "off by", "vocable, s", "visqol-python, s", "times faster"]


@dataclass(frozen=True)
class Case:
    """Two recordings, how they are compared, and the published score."""

    reference: str
    degraded: str
    mode: str
    mapping: str
    score: float

    def read(self, folder: Path) -> tuple[np.ndarray, np.ndarray, int] | None:
        """Return both recordings mixed to one channel, and their rate; None if one is not there."""
        paths = [find(folder, name) for name in (self.reference, self.degraded)]
        if None in paths:
            return None
        (x, rate), (y, _) = (soundfile.read(path, always_2d=True) for path in paths)
        return x.mean(axis=1), y.mean(axis=1), rate


_CA01 = ("CA01_01", "transcoded_CA01_01")
CASES = [
    Case(*_CA01, "speech", "lattice", 3.3129234313964844),
    Case(*_CA01, "speech", "exponential", 3.374505555111911),
    Case("CA01_01", "CA01_01", "speech", "lattice", 4.505550384521484),
    Case("CA01_01", "CA01_01", "speech", "exponential-unscaled", 4.015861169223797),
    Case(*_CA01, "audio", "svr", 1.7658378752958486),
    Case("strauss48_stereo", "strauss48_stereo_lp35", "audio", "svr", 1.3888791489130758),
    Case("steely48_stereo", "steely48_stereo_lp7", "audio", "svr", 2.2501683734385183),
    Case("sopr48_stereo", "sopr48_stereo_256kbps_aac", "audio", "svr", 4.68228969737946),
    Case("ravel48_stereo", "ravel48_stereo_128kbps_opus", "audio", "svr", 4.465141897255348),
    Case("moonlight48_stereo", "moonlight48_stereo_128kbps_aac", "audio", "svr", 4.684292801646114),
    Case(
        *("harpsichord48_stereo", "harpsichord48_stereo_96kbps_mp3"),
        *("audio", "svr", 4.22374532766003),
    ),
    Case("guitar48_stereo", "guitar48_stereo_64kbps_aac", "audio", "svr", 4.349722308064298),
    Case("glock48_stereo", "glock48_stereo_48kbps_aac", "audio", "svr", 4.332452943882108),
    Case(
        *("contrabassoon48_stereo", "contrabassoon48_stereo_24kbps_aac"),
        *("audio", "svr", 2.346868205375293),
    ),
    Case("castanets48_stereo", "castanets48_stereo", "audio", "svr", 4.732101253042348),
    Case("guitar48_stereo", "guitar48_stereo_5_sec", "audio", "svr", 4.314508583690198),
    Case("guitar48_stereo_5_sec", "guitar48_stereo", "audio", "svr", 4.550791119387646),
    Case("guitar48_stereo", "CA01_01", "speech", "lattice", 1.4982070922851562),
    Case("guitar48_stereo", "CA01_01", "speech", "exponential", 1.269675546824064),
    Case("reference", "degraded", "speech", "lattice", 1.19293212890625),
    Case("reference", "degraded", "speech", "exponential", 1.357521678867611),
]


def main() -> None:
    """Print a Markdown table, one row for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--testdata", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # of parts that are not compared: the cases are about them
    try:
        _print_table(options)
    finally:
        logging.disable(logging.NOTSET)


def _print_table(options: argparse.Namespace) -> None:
    peer = find_peer()
    print(heading([*HEAD, *(PEER if peer else [])]))
    off, ratios = [], []
    for case in CASES:
        if (sounds := case.read(options.testdata)) is None:
            continue
        x, y, rate = sounds
        ours = partial(visqol, x, y, rate, mode=case.mode, mapping=case.mapping)
        off.append(abs(ours() - case.score))
        cells = [case.reference, case.degraded, f"{x.size / rate:.1f}"]
        cells += [f"{case.mode}, {case.mapping}", f"{case.score:.6f}", *scored(case, ours)]
        if peer:
            theirs = peer(case, x, y, rate)
            seconds = [statistics.median(each) for each in timed([ours, theirs], options.turns)]
            ratios.append(seconds[1] / seconds[0])
            cells += [*scored(case, theirs), *(f"{each:.2f}" for each in seconds)]
            cells.append(f"{ratios[-1]:.1f}")
        print(row(cells), flush=True)
    summary = f"{len(off)} of {len(CASES)} cases, at most {max(off, default=0):.0e} off"
    if ratios:
        summary += f"; {min(ratios):.1f} to {max(ratios):.1f} times as fast"
    print(f"\n{summary}; {describe(*PACKAGES)}")


def find(folder: Path, name: str) -> Path | None:
    """Return the recording of a name anywhere under the folder."""
    found = [path for path in folder.rglob(f"{name}.*") if path.suffix in (".wav", ".flac")]
    return min(found, default=None)


def scored(case: Case, call: Callable[[], float]) -> list[str]:
    """Return a score and how far it is from the published one."""
    score = call()
    return [f"{score:.6f}", f"{abs(score - case.score):.0e}"]


def timed(calls: list[Callable[[], float]], turns: int) -> list[list[float]]:
    """Return the seconds of processor time that each call takes, in turns."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(turns):
        for call, taken in zip(calls, seconds, strict=True):
            start = time.process_time()
            call()
            taken.append(time.process_time() - start)
    return seconds


def find_peer() -> Callable[..., Callable[[], float]] | None:
    """Return what makes a call of visqol-python for a case, or None if it is not installed."""
    try:
        from visqol import VisqolApi
    except ImportError:
        return None

    def prepared(case: Case, x: np.ndarray, y: np.ndarray, rate: int) -> Callable[[], float]:
        api = VisqolApi()
        unscaled = case.mapping == "exponential-unscaled"
        lattice = case.mapping == "lattice"
        api.create(mode=case.mode, use_lattice_model=lattice, use_unscaled_speech=unscaled)
        return lambda: float(api.measure_from_arrays(x, y, rate).moslqo)

    return prepared


if __name__ == "__main__":
    main()
