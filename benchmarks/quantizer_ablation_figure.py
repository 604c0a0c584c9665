"""The figure of benchmarks.quantizer_ablation: a panel for each question, a row for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

COLOURS = {"RVQ": "#4477aa", "VQ": "#228833", "Sim": "#66ccaa", "FSQ": "#ee6677",
           "res": "#aa3377", "LFQ": "#ccbb44", "BSQ": "#999933", "product": "#ee8866",
           "grouped": "#332288", "cross": "#77aadd"}  # fmt: skip
PANELS = {
    "mel distance, lower is nearer": lambda run: np.nanmean(run.sound, axis=0)[2],
    "PESQ-WB": lambda run: np.nanmean(run.sound, axis=0)[0],
    "phones told, % of frames": lambda run: 100 * run.phones,
    "bits a frame, of 14": lambda run: run.bits,
}


def ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the least and the most."""
    return min(values), max(values)


def draw(found: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write a panel for each question as a PNG; lines reach over the seeds."""
    figure = Figure(figsize=(12, 4.2), dpi=90, layout="constrained")
    axes = figure.subplots(1, len(PANELS), sharey=True)
    arms = list(found)
    for axis, (title, of) in zip(axes, PANELS.items(), strict=True):
        values = [[float(of(run)) for run in found[arm]] for arm in arms]
        means = [np.mean(each) for each in values]
        colours = [next(c for key, c in COLOURS.items() if arm.startswith(key)) for arm in arms]
        axis.hlines(range(len(arms)), *zip(*map(ends, values), strict=True), colours)
        axis.scatter(means, range(len(arms)), 40, colours)
        axis.ticklabel_format(useOffset=False)
        axis.locator_params(axis="x", nbins=4)
        axis.set_title(title, loc="left", fontsize=9)
        axis.grid(axis="y", color="#dddddd")
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(range(len(arms)), arms)
    axes[0].invert_yaxis()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
