"""The figure of benchmarks.conversion: whose voice it is against what is still said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from vocable.evaluate.intervals import Interval

MADE, GIVEN = "#4477aa", "#bbbbbb"


def draw(points: Mapping[str, tuple[Interval, Interval]], ceiling: Interval, path: Path) -> None:
    """Write a point for each system, as a PNG.

    points: by name, the likeness to B and the word error in %, with their intervals. ceiling: the
    likeness of another recording of B.
    """
    figure = Figure(figsize=(6.4, 4.6), dpi=160, layout="constrained")
    axes = figure.subplots()
    for name, (likeness, wrong) in points.items():
        colour = MADE if name.startswith("converted") else GIVEN
        spread = [[[each.mean - each.low], [each.high - each.mean]] for each in (likeness, wrong)]
        axes.errorbar(
            likeness.mean, wrong.mean, xerr=spread[0], yerr=spread[1], marker="o", color=colour,
            capsize=2, elinewidth=1,
        )  # fmt: skip
        axes.annotate(
            name, (likeness.mean, wrong.mean), xytext=(6, 6), textcoords="offset points", fontsize=9
        )
    axes.axvline(ceiling.mean, color=GIVEN, linestyle="--", linewidth=1)
    axes.annotate(
        "B, another recording", (ceiling.mean, 1.0), xycoords=("data", "axes fraction"),
        xytext=(-4, -12), textcoords="offset points", ha="right", fontsize=9, color="#777777",
    )  # fmt: skip
    axes.set_xlabel("likeness to B, cosine of embeddings")
    axes.set_ylabel("words wrong, %")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
