"""The figure of benchmarks.adaptive: rate against what is left, adaptive beside fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

ADAPTIVE, FIXED = "#4477aa", "#ee6677"  # Tol's
PANELS = ("mel distance, lower is better", "STOI, higher is better", "PNMI, higher is better")


def draw(points: Mapping[str, Sequence[float]], path: Path) -> None:
    """Write a panel for each measure that has values, as a PNG.

    points: by the name of a way its bits a second, mel distance, STOI and PNMI.
    """
    values = np.array([*points.values()], np.float64)
    panels = [k for k in range(1, values.shape[1]) if np.isfinite(values[:, k]).any()]
    figure = Figure(figsize=(5.2 * len(panels), 4.4), dpi=160, layout="constrained")
    adaptive = np.array([name.startswith("λ") for name in points])
    for axes, column in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for label, colour, kept in (("adaptive", ADAPTIVE, adaptive), ("fixed", FIXED, ~adaptive)):
            axes.plot(values[kept, 0], values[kept, column], marker="o", color=colour, label=label)
        for name, at in zip(points, values[:, [0, column]], strict=True):
            axes.annotate(name, at, xytext=(5, 5), textcoords="offset points", fontsize=8)
        axes.set_xlabel("bits/s, durations included")
        axes.set_title(PANELS[column - 1], loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
