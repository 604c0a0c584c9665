"""The figure of benchmarks.voice_minutes: likeness and bits by the minutes of a voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import voice_tables as tables
from benchmarks.voice_runs import Run
from vocable.evaluate.intervals import Interval

COLOURS = {
    "prompt": "#4477aa",
    "LoRA": "#228833",
    "full": "#ee6677",
    "LoRA + prompt": "#aa3377",
}  # fmt: skip  (Tol's, which all eyes can tell apart)
BESIDE = {  # above their lines, or below
    "round trip": ("her recordings through the codec", "top"),
    "recordings": ("her recordings", "bottom"),
    "recordings of others": ("other speakers", "bottom"),
    "base": ("the base, which knows no recording of hers", "bottom"),
}
GREY = "#777777"


def draw(runs: Sequence[Run], speaker: str, path: Path) -> None:
    """Write both panels as a PNG."""
    figure = Figure(figsize=(11, 4.6), dpi=160, layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, runs, tables.likeness)
    left.set_title("likeness to held-out recordings, by an embedding", loc="left", fontsize=11)
    base = [run for run in runs if run.way == "base"]

    def saved(own: Sequence[Run]) -> Interval | None:
        if not own[0].held_out:
            return None
        more = tables.change(own, base, tables.of_hers)
        return Interval(-more.mean, -more.high, -more.low)

    _panel(right, runs, saved)
    right.set_title("bits saved of a held-out frame, by the base's", loc="left", fontsize=11)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"From minutes of {speaker}'s voice to a model that speaks with it")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _panel(
    axes: Any, runs: Sequence[Run], measure: Callable[[Sequence[Run]], Interval | None]
) -> None:
    minutes = sorted({run.minutes for run in runs if run.minutes})
    for place, (way, colour) in enumerate(COLOURS.items()):
        found = [measure(tables.chosen(runs, way, each)) for each in minutes]
        shown = [each for each in found if each is not None]
        at = [each * 1.03 ** (place - 1.5) for each in minutes]  # side by side
        means = [each.mean for each in shown]
        ends = [[each.mean - each.low for each in shown], [each.high - each.mean for each in shown]]
        axes.errorbar(
            at, means, ends, color=colour, label=way, marker="o", markersize=5, linewidth=2,
            elinewidth=1, capsize=2,
        )  # fmt: skip
    for way, (text, side) in BESIDE.items():
        own = [run for run in runs if run.way == way]
        level = measure(own) if own else None
        if level is not None:
            axes.axhline(level.mean, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
            axes.annotate(
                text, (0.09, level.mean), xycoords=("axes fraction", "data"), fontsize=8,
                xytext=(0, 2 if side == "bottom" else -3), textcoords="offset points", ha="left",
                va=side, color=GREY,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(minutes, [f"{each:g}" for each in minutes])
    axes.minorticks_off()
    axes.set_xlabel("minutes of the voice")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#eeeeee")
