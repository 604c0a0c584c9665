"""The figure of benchmarks.token_models: bits of each level, models against n-grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#4477aa", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#66ccee")  # Tol's
GREYS = ("#cccccc", "#aaaaaa", "#777777")


def draw(found: Mapping[str, Sequence[Any]], nominal: Sequence[float], path: Path) -> None:
    """Write a panel of levels, and one of whole frames, as a PNG."""
    figure = Figure(figsize=(11, 4.6), dpi=160, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 1))
    grams = next(iter(found.values()))[0]["ngrams"]
    levels = [f"level{k}" for k in range(len(nominal))]
    shown = [
        (f"n-grams of order {order}", grey, [dict(zip(levels, bits, strict=True), frame=sum(bits))])
        for order, (bits, grey) in enumerate(zip(grams, GREYS, strict=True))
    ]
    for (arm, runs), colour in zip(found.items(), COLOURS, strict=True):
        shown.append((arm, colour, [each["bits"] for each in runs]))
    wide = 0.84 / len(shown)
    for place, (name, colour, runs) in enumerate(shown):
        shift = (place - (len(shown) - 1) / 2) * wide
        means = [np.mean([run[level] for run in runs]) for level in levels]
        left.bar(np.arange(len(levels)) + shift, means, wide * 0.92, color=colour, label=name)
        right.barh(-place, np.mean([run["frame"] for run in runs]), 0.8, color=colour)
    for level, bits in enumerate(nominal):
        left.plot([level - 0.45, level + 0.45], [bits, bits], color="black", linewidth=1)
    left.set_xticks(range(len(levels)), [f"level {k}" for k in range(len(levels))])
    left.set_ylabel("bits of a held-out code")
    left.set_title("level by level; the line is the codec's own", loc="left", fontsize=11)
    right.set_yticks([-k for k in range(len(shown))], [name for name, *_ in shown])
    right.set_title("bits of a frame", loc="left", fontsize=11)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
