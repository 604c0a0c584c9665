"""The tables of levels: gains over the clips that both have, levels by neighbours."""

from benchmarks.scores import Score, cell, gain, gains_table


def score(system: str, clip: str, value: float | None) -> Score:
    return Score(system, clip, f"speaker {clip}", 2000.0, {"stoi": value})


def test_gain_is_over_the_clips_that_both_have():
    scores = [score("a, 1 levels", "x", 0.5), score("a, 1 levels", "y", 0.5)]
    scores += [score("a, 2 levels", "x", 0.75), score("a, 2 levels", "y", None)]
    assert gain(scores, "a, 1 levels", "a, 2 levels", "stoi").mean == 0.25


def test_levels_are_compared_with_neighbours_and_over_doublings():
    scores = [score(f"a, {n} levels", clip, n / 10) for n in range(2, 9) for clip in "xyz"]
    prefixes = {n: f"a, {n} levels" for n in range(2, 9)}
    lines = gains_table(scores, prefixes, [2, 4, 8])[1:]
    steps = [line.split("|")[1].strip() for line in lines]
    neighbours = ["2 → 3", "3 → 4", "4 → 5", "5 → 6", "6 → 7", "7 → 8"]
    assert steps == [*neighbours, "2 → 4", "4 → 8"]


def test_a_measure_that_no_clip_has_is_a_dash():
    scores = [score(f"a, {n} levels", clip, None) for n in (1, 2) for clip in "xy"]
    assert gains_table(scores, {1: "a, 1 levels", 2: "a, 2 levels"}, [])[1] == "| 1 → 2 | – |"
    assert cell(scores, "stoi") == "–"


def test_a_cell_is_of_the_clips_that_have_a_value():
    scores = [score("a", "x", 0.5), score("a", "y", 0.7), score("a", "z", None)]
    assert cell(scores, "stoi") == "0.600 ± 0.100"
