"""Means and paired differences of what judges said, with intervals over speakers."""

import numpy as np
import pytest

from benchmarks.judging import Row
from benchmarks.results import Results, shown
from vocable.evaluate import Interval

CLIPS = {"u": "s", "v": "s", "w": "t"}  # speakers


def row(system: str, clip: str, value: float | None, condition: str = "clean") -> Row:
    named = {"clips": "speech", "condition": condition}
    return Row(system, clip, CLIPS[clip], 1000.0, {"stoi": value}, **named)


def test_means_are_over_the_clips_that_have_a_value():
    found = Results([row("a", "u", 0.5), row("a", "v", None), row("a", "w", 0.7)]).of()
    mean = found.mean("a", "stoi")
    assert mean is not None and (mean.low, mean.high) == (0.5, 0.7)
    assert mean.mean == pytest.approx(0.6)
    assert found.mean("b", "stoi") is None and found.values("a", "stoi").size == 2


def test_gains_are_paired_by_clip_whatever_the_order():
    rows = [row("a", "w", 0.1), row("a", "u", 0.5), row("b", "u", 0.6), row("b", "v", 0.9)]
    found = Results([*rows, row("b", "w", 0.2), row("a", "v", None)]).of()
    gain = found.gain("a", "b", "stoi")
    assert gain is not None and np.allclose((gain.mean, gain.low, gain.high), 0.1)
    assert found.gain("a", "c", "stoi") is None


def test_conditions_are_kept_apart_and_compared_clip_by_clip():
    rows = [
        row("a", clip, value, "0 dB") for clip, value in zip("uvw", (0.5, 0.6, 0.7), strict=True)
    ]
    rows += [
        row("a", clip, value, "-30 dB") for clip, value in zip("wvu", (0.6, 0.5, 0.4), strict=True)
    ]
    change = Results(rows).change("a", "0 dB", "-30 dB", "stoi")
    assert change is not None and np.allclose((change.mean, change.high), -0.1)
    assert Results(rows).of(condition="0 dB").values("a", "stoi").tolist() == [0.5, 0.6, 0.7]


def test_cells():
    assert shown(Interval(0.5, -0.25, 1.0), 2) == "0.50 [-0.25, 1.00]"
    assert shown(Interval(0.5, -0.25, 1.0), 1, signed=True) == "+0.5 [-0.2, +1.0]"
    assert shown(None) == "–"
