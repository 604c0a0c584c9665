"""Say what ViSQOL's mappings of speech make of equal recordings and of noise.

    python -m benchmarks.mappings --data MANIFEST [--data MANIFEST …] [--clips 12]

The first 10 s of a few clips, evenly drawn from all, against themselves, against themselves where
both are 30 dB quieter, and with white noise. The last column counts clips that noise has brought
a higher score than they have against themselves.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.measures import visqol

RATE = 16000
SECONDS = 10
MAPPINGS = ("exponential", "lattice")
DECIBELS = (60, 50, 40, 30, 20, 10)  # of speech over noise
CONDITIONS = ("itself", "itself, both 30 dB quieter", *(f"noise, {each} dB" for each in DECIBELS))
HEAD = ["mapping", "compared with", "lowest", "mean", "highest", "above itself"]


def main() -> None:
    """Print a Markdown table, one row for each mapping and condition."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="MANIFEST")
    parser.add_argument("--clips", type=int, default=12)
    options = parser.parse_args()
    every = [clip for data in options.data for clip in read_manifest(data)]
    clips = every[:: max(1, len(every) // options.clips)][: options.clips]
    scores = []
    for done, clip in enumerate(clips):
        progress(f"{done} of {len(clips)} clips")
        scores.append([[*score(clip, mapping)] for mapping in MAPPINGS])
    progress("")
    print(heading(HEAD))
    for mapping, own in zip(MAPPINGS, np.array(scores).transpose(1, 2, 0), strict=True):
        for condition, values in zip(CONDITIONS, own, strict=True):
            figures = [f"{each:.2f}" for each in (values.min(), values.mean(), values.max())]
            more = "" if condition == "itself" else str(int((values > own[0]).sum()))
            print(row([mapping, condition, *figures, more]))
    print(f"\n{len(clips)} clips; {describe()}")


def score(clip: Clip, mapping: str) -> list[float]:
    """Return the scores of one clip in all conditions."""
    x = clip.read(RATE)[: SECONDS * RATE].astype(np.float64)
    hiss = np.random.default_rng(0).standard_normal(x.size) * np.sqrt(np.mean(x**2))
    quiet = x * 10 ** (-30 / 20)
    pairs = [(x, x), (quiet, quiet), *((x, x + hiss * 10 ** (-each / 20)) for each in DECIBELS)]
    return [visqol(*pair, RATE, mode="speech", mapping=mapping) for pair in pairs]


if __name__ == "__main__":
    main()
