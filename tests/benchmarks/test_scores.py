"""The tables of systems and levels: gains over the clips that both have, levels by neighbours."""

from dataclasses import replace

import numpy as np
import soundfile

from benchmarks import quality
from benchmarks.clips import Clip
from benchmarks.scores import Score, gain, levels_table, systems_table
from tests.measures.signals import LOUDER, RATE, voice
from vocable.errors import MeasureError
from vocable.measures import register


def score(system: str, clip: str, value: float | None) -> Score:
    return Score(system, clip, f"speaker {clip}", 2000.0, {"stoi": value})


def test_gain_is_over_the_clips_that_both_have():
    scores = [score("a, 1 levels", "x", 0.5), score("a, 1 levels", "y", 0.5)]
    scores += [score("a, 2 levels", "x", 0.75), score("a, 2 levels", "y", None)]
    assert gain(scores, "a, 1 levels", "a, 2 levels", "stoi").mean == 0.25


def test_levels_are_compared_with_neighbours_and_over_doublings():
    scores = [score(f"a, {n} levels", clip, n / 10) for n in range(2, 9) for clip in "xyz"]
    steps = [line.split("|")[1].strip() for line in levels_table(scores)[1:]]
    neighbours = ["2 → 3", "3 → 4", "4 → 5", "5 → 6", "6 → 7", "7 → 8"]
    assert steps == [*neighbours, "2 → 4", "4 → 8"]


def test_a_measure_that_no_clip_has_is_a_dash():
    scores = [score(f"a, {n} levels", clip, None) for n in (1, 2) for clip in "xy"]
    assert levels_table(scores)[1] == "| 1 → 2 | – |"
    assert systems_table(scores, np.array([4.0, 2.0, 1.0]))[1].split(" | ")[2:] == [
        "–", "-3.0", "0 of 2 |"
    ]  # fmt: skip


def test_systems_have_means_the_residual_of_their_prefix_and_the_clips_that_count():
    scores = [score("the clip itself", clip, 1.0) for clip in "xy"]
    scores += [score("a, 1 levels", "x", 0.5), score("a, 1 levels", "y", 0.7)]
    scores += [score("a, 2 levels", "x", 0.9), score("a, 2 levels", "y", None)]
    _, *lines = systems_table(scores, np.array([10.0, 5.0, 1.0]))
    assert lines == [
        "| the clip itself | 2.00 | 1.000 ± 0.000 |  | 2 of 2 |",
        "| a, 1 levels | 2.00 | 0.600 ± 0.100 | -3.0 | 2 of 2 |",
        "| a, 2 levels | 2.00 | 0.900 ± nan | -10.0 | 1 of 2 |",
    ]


def test_every_measure_that_tables_show_is_scored(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "MEASURES", ("si_sdr", "louder"))
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(1.0), RATE)
    register(LOUDER)
    result = quality.score_clip(Clip(path, "a"), None, False)
    itself, noisy = result.scores
    assert list(itself.measures) == list(noisy.measures) == ["si_sdr", "louder"]
    assert itself.measures["louder"] == 0 and -3.1 < noisy.measures["louder"] < -2.9


def undefined(reference, degraded, rate):
    raise MeasureError("there is nothing to compare")


def test_a_measure_that_is_not_defined_is_refused_by_clip_and_system(
    registry, tmp_path, monkeypatch
):
    monkeypatch.setattr(quality, "MEASURES", ("louder",))
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(1.0), RATE)
    register(replace(LOUDER, function=undefined))
    result = quality.score_clip(Clip(path, "a"), None, False)
    assert [score.measures["louder"] for score in result.scores] == [None, None]
    why = "there is nothing to compare"
    systems = ("the clip itself", "clip + white noise, 0 dB")
    refusals = [text for text in result.refusals if why in text]
    assert refusals == [f"a.wav, {system}: {why}" for system in systems]
