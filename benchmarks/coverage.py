"""Say how often intervals over speakers hold the mean that they are for, in made-up studies.

    python -m benchmarks.coverage

A study has five recordings of each speaker; half of the variance of scores is between speakers.
Beside the interval of the package stand the middle 95 % of the drawn means, and what comes out
where each recording counts as a speaker of its own.
"""

import argparse

import numpy as np

from benchmarks.tables import heading, row
from vocable.evaluate.intervals import bootstrap_means, ends

STUDIES = 3000
RECORDINGS = 5  # of each speaker
SPEAKERS = (4, 6, 10, 20, 40)


def main() -> None:
    """Print a Markdown table: shares of studies whose interval holds the true mean, 0."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(heading(["speakers", "middle 95 %", "as printed", "recordings as speakers"]))
    for count in SPEAKERS:
        scores = made_up(count, np.random.default_rng(count))
        sums, sizes = scores.sum(axis=2), np.full((STUDIES, count), float(RECORDINGS))
        means = bootstrap_means(sums, sizes)
        single = scores.reshape(STUDIES, -1)
        each = held(*ends(bootstrap_means(single, np.ones_like(single)), np.ones_like(single)))
        middle = held(*np.quantile(means, (0.025, 0.975), axis=0))
        print(row([str(count), middle, held(*ends(means, sizes)), each]))
    print(f"\n{STUDIES} studies a row")


def made_up(speakers: int, random: np.random.Generator) -> np.ndarray:
    """Return scores [studies, speakers, recordings] of mean 0."""
    between = random.standard_normal((STUDIES, speakers, 1))
    return between + random.standard_normal((STUDIES, speakers, RECORDINGS))


def held(low: np.ndarray, high: np.ndarray) -> str:
    """Return the share of intervals that hold 0."""
    return f"{np.mean((low <= 0) & (high >= 0)):.0%}"


if __name__ == "__main__":
    main()
