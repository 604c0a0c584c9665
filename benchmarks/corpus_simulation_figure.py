"""The figure of benchmarks.corpus_simulation: speed-up by workers, and where the time goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.corpus_world import Outcome

COLOURS = ("#4477aa", "#ee6677", "#228833")  # Tol's
PARTS = ("start", "plan", "finish", "file system", "lost", "slow and last")
SHADES = ("#222222", "#ee6677", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")


def draw(workers: Sequence[int], found: Mapping[str, Sequence[Outcome]], path: Path) -> None:
    """Write speed-ups beside what the last way's workers wait for, as a PNG."""
    figure = Figure(figsize=(9, 3.6), dpi=100, layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(workers, workers, color="#999999", linestyle=":", label="ideal")
    for colour, (name, outcomes) in zip(COLOURS, found.items(), strict=True):
        speeds = [outcomes[0].seconds / each.seconds for each in outcomes]
        left.plot(workers, speeds, marker="o", color=colour, label=name)
    left.set(xscale="log", yscale="log", xlabel="workers", ylabel="speed-up over one worker")
    left.legend(frameon=False)
    _most(right, {name: outcomes[-1] for name, outcomes in found.items()})
    right.set_title(f"time of {workers[-1]} workers", loc="left", fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _most(axes: object, outcomes: Mapping[str, Outcome]) -> None:
    """Draw what share of their time workers spend otherwise than on a piece at its pace."""
    shares = np.array([each.shares() for each in outcomes.values()])
    before = np.zeros(len(shares))
    for part, shade, column in zip(PARTS, SHADES, shares.T, strict=True):
        axes.barh([*outcomes], column, left=before, color=shade, label=part)  # type: ignore[attr-defined]
        before += column
    axes.set(xlim=(0, 1), xlabel="share")  # type: ignore[attr-defined]
    axes.legend(frameon=False, fontsize=8, ncol=3, loc="upper left", bbox_to_anchor=(0, -0.18))  # type: ignore[attr-defined]
