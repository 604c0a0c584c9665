"""The figure of benchmarks.conversion: whose voice it is against what is still said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from vocable.evaluate.intervals import Interval

GIVEN = "#bbbbbb"
LOOKS = ("s", GIVEN), ("D", "#777777"), ("o", "#4477aa"), ("^", "#ee6677"), ("v", "#228833")


def draw(points: Mapping[str, tuple[Interval, Interval]], ceiling: Interval, path: Path) -> None:
    """Write a point for each system, as a PNG.

    points: by name, the likeness to B and the word error in %, with their intervals. ceiling: the
    likeness of another recording of B.
    """
    figure = Figure(figsize=(6.4, 4.6), dpi=160, layout="constrained")
    axes = figure.subplots()
    for (name, (likeness, wrong)), (marker, colour) in zip(points.items(), LOOKS, strict=False):
        spread = [[[each.mean - each.low], [each.high - each.mean]] for each in (likeness, wrong)]
        axes.errorbar(
            likeness.mean, wrong.mean, xerr=spread[0], yerr=spread[1], marker=marker, color=colour,
            capsize=2, elinewidth=1, linestyle="", label=name,
        )  # fmt: skip
    axes.legend(loc="upper left", frameon=False)
    axes.axvline(ceiling.mean, color=GIVEN, linestyle="--", linewidth=1)
    axes.annotate(
        "B, another recording", (ceiling.mean, 1.0), xycoords=("data", "axes fraction"),
        xytext=(-4, -12), textcoords="offset points", ha="right", fontsize=9, color="#777777",
    )  # fmt: skip
    axes.set_xlabel("likeness to B, cosine of embeddings")
    axes.set_ylabel("words wrong, %")
    axes.set_yscale("log")  # a recogniser that writes the same again and again has no limit
    axes.set_yticks([5, 10, 20, 50, 100, 200, 500], [5, 10, 20, 50, 100, 200, 500])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
