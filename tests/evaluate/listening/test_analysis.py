"""Analysis: figures by hand, screening at its edges, listeners that are made up, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.listening.made_up import a_key, lines, usual
from vocable import MeasureError
from vocable.evaluate.intervals import bootstrap_interval
from vocable.evaluate.listening import ListeningSummary, analyse
from vocable.evaluate.listening.analysis import crossed_interval
from vocable.evaluate.summary.differences import sign_flips

NAN = float("nan")


@pytest.fixture
def analysed(tmp_path: Path):
    """Analyse lines with a key."""

    def run(found: list[str], key=None) -> ListeningSummary:
        (tmp_path / "a.jsonl").write_text("\n".join(found) + "\n")
        (key or a_key()).save(tmp_path / "key.json")
        return analyse([tmp_path / "a.jsonl"], tmp_path / "key.json")

    return run


def test_figures_by_hand(analysed):
    given = {
        "ann": [usual(60, 40), usual(70, 40)],
        "ben": [usual(80, 60), usual(90, 80)],
        "cid": [usual(50, 50), usual(70, 30)],
    }
    found = analysed(lines(given, a_key()))
    assert [row.system for row in found.systems] == [
        "reference", "one", "two", "anchor 7 kHz", "anchor 3.5 kHz",
    ]  # fmt: skip
    one, two = found.systems[1:3]
    assert (one.mean.mean, one.median, one.ratings) == (70, 70, 6)
    assert one.quartiles == (62.5, 77.5)
    assert (two.mean.mean, two.median) == (50, 45)
    pairs = {(row.first, row.second): row for row in found.preferences}
    assert pairs.keys() == {("reference", "one"), ("reference", "two"), ("one", "two")}
    gain = pairs["one", "two"]
    assert gain.gain.mean == pytest.approx(-20)  # -25, -15 and -20 of the three listeners
    assert gain.p == gain.adjusted / 3 == 0.25  # two of eight choices of signs
    assert found.listeners == ("ann", "ben", "cid")
    assert not (found.left_out or found.incomplete or found.faults or found.doubled)


def test_the_hidden_reference_below_90_in_more_than_15_per_cent_of_trials(analysed):
    key = a_key(20)
    low, good = usual(reference=89), usual(reference=90)
    given = {"edge": [low] * 3 + [good] * 17, "over": [low] * 4 + [good] * 16}
    found = analysed(lines(given, key), key)
    assert found.listeners == ("edge",)
    why = "over: rates the hidden reference below 90 in 4 of 20 trials"
    assert [str(each) for each in found.left_out] == [why]


def test_the_mid_anchor_above_90_in_more_than_15_per_cent_of_trials(analysed):
    key = a_key(20)
    high, edge = usual(mid=91), usual(mid=90)
    given = {f"good{n}": [edge] * 20 for n in range(6)}
    given |= {"edge": [high] * 3 + [edge] * 17, "over": [edge] * 16 + [high] * 4}
    found = analysed(lines(given, key), key)
    why = "over: rates the mid anchor above 90 in 4 of 20 trials"
    assert [str(each) for each in found.left_out] == [why] and not found.without_mid


@pytest.mark.parametrize(("high", "counts"), [(2, True), (3, False)])
def test_a_trial_whose_mid_anchor_is_good_to_over_a_quarter_does_not_count(analysed, high, counts):
    given = {f"l{n}": [usual(mid=95 if n < high else 50), usual()] for n in range(8)}
    found = analysed(lines(given, a_key()))
    assert found.without_mid == (() if counts else ("clip 0",))
    assert len(found.left_out) == (high if counts else 0)


def test_both_reasons_are_given(analysed):
    given = {f"good{n}": [usual(), usual()] for n in range(7)}
    given["bad"] = [usual(mid=95, reference=10), usual(mid=99)]
    (bad,) = analysed(lines(given, a_key())).left_out
    assert bad.reason == (
        "rates the hidden reference below 90 in 1 of 2 trials and "
        "rates the mid anchor above 90 in 2 of 2 trials"
    )


def test_without_a_mid_anchor_the_first_rule_is_left(analysed):
    key = a_key(systems=("reference", "anchor 3.5 kHz", "one"))
    given = {"ann": [usual(), usual()], "ben": [usual(reference=0), usual()]}
    found = analysed(lines(given, key), key)
    assert found.listeners == ("ann",) and found.without_mid == ()
    assert len(found.systems) == 3 and len(found.preferences) == 1


def listeners(truth: dict[str, float], *, people: int, trials: int, seed: int):
    """Scores by people who differ in strictness, on recordings that differ in difficulty."""
    rng = np.random.default_rng(seed)
    strict, hard = rng.normal(0, 8, people), rng.normal(0, 6, trials)
    return {
        f"l{p:02}": [
            {
                system: int(np.clip(mean + strict[p] + hard[t] + rng.normal(0, 8), 0, 100))
                if system != "reference" else 100
                for system, mean in truth.items()
            }
            for t in range(trials)
        ]
        for p in range(people)
    }  # fmt: skip


TRUTH = {"reference": 100, "anchor 3.5 kHz": 15, "anchor 7 kHz": 35, "one": 50, "two": 65}


def test_simulated_listeners_give_back_the_order_and_the_difference(analysed):
    key = a_key(8)
    found = analysed(lines(listeners(TRUTH, people=12, trials=8, seed=0), key), key)
    assert [row.system for row in found.systems] == sorted(TRUTH, key=TRUTH.get, reverse=True)
    gain = next(row for row in found.preferences if (row.first, row.second) == ("one", "two"))
    assert gain.gain.low < 15 < gain.gain.high and gain.gain.low > 0 and gain.adjusted < 0.01
    assert gain.gain.high - gain.gain.low < 10  # strictness and difficulty cancel


def test_systems_that_are_alike_are_not_told_apart():
    alike = TRUTH | {"two": 50}
    claimed = 0
    for seed in range(20):
        values = listeners(alike, people=10, trials=8, seed=seed)
        gains = [[t["two"] - t["one"] for t in trials] for trials in values.values()]
        claimed += sign_flips(np.mean(gains, axis=1)[None])[0] < 0.05
    assert claimed <= 4


def test_intervals_cover_the_truth_when_people_and_recordings_are_drawn():
    rng = np.random.default_rng(3)
    inside = 0
    for seed in range(60):
        table = rng.normal(0, 1, (15, 1)) + rng.normal(0, 1, (1, 12)) + rng.normal(0, 1, (15, 12))
        found = crossed_interval(table + 50, seed=seed)
        inside += found.low < 50 < found.high
    assert 52 <= inside <= 60


def test_of_one_trial_the_interval_is_that_over_listeners():
    values = np.array([40.0, 50, 55, 70, 90, 20])
    found = crossed_interval(values[:, None])
    other = bootstrap_interval(values, list("abcdef"))
    assert found.mean == other.mean
    assert (found.low, found.high) == pytest.approx(
        (other.low, other.high), abs=2
    )  # of six scores there are steps


def test_one_listener_has_no_interval_and_no_claim(analysed):
    found = analysed(lines({"ann": [usual(), usual()]}, a_key()))
    assert np.isnan(found.systems[1].mean.low) and {row.p for row in found.preferences} == {1.0}


def test_missing_scores_count_in_no_mean():
    table = np.array([[1.0, NAN], [3.0, 5.0]])
    found = crossed_interval(table)
    assert found.mean == 3 and 1 <= found.low <= found.high <= 5


# Bad input


def test_damaged_lines_are_named_and_the_rest_goes_on(analysed, tmp_path):
    good = lines({"ann": [usual(), usual()]}, a_key())
    row = json.loads(good[0])
    cases = {
        '{"test": "te': "not a line of results; it was cut or changed on its way",
        "[1, 2]": "not a line of results",
        "[" * 100_000: "not a line of results",
        json.dumps(row | {"test": "other"}): "it is of the test other, the key of test",
        json.dumps(row | {"version": 7}): "the page has version 7, the key 1",
        json.dumps(row | {"trial": "t9"}): "the key has no trial t9",
        json.dumps(row | {"stimulus": "t1-one"}): "trial t0 has no stimulus t1-one",
        json.dumps(row | {"score": 101}): "score is 101, wanted 0 to 100",
        json.dumps(row | {"score": -1}): "score is -1, wanted 0 to 100",
        json.dumps(row | {"score": None}): "score is None; wanted int",
        json.dumps(row | {"score": NAN}): "score is nan; wanted a finite number",
        json.dumps(row | {"score": "80"}): "score is '80'; wanted int",
        json.dumps({k: v for k, v in row.items() if k != "score"}): "the rating lacks score",
    }
    found = analysed([*cases, *good])
    assert found.listeners == ("ann",) and len(found.faults) == len(cases)
    for number, (fault, message) in enumerate(zip(found.faults, cases.values(), strict=True), 1):
        assert fault.name == f"{tmp_path / 'a.jsonl'}:{number}" and message in fault.reason


def test_bytes_that_are_no_text_are_one_bad_line(tmp_path):
    good = lines({"ann": [usual(), usual()]}, a_key())
    data = b"\xef\xbb\xbf" + "\r\n".join(good).encode() + b"\r\n\xff\xfe\x00broken\n"
    (tmp_path / "a.jsonl").write_bytes(data)
    a_key().save(tmp_path / "key.json")
    found = analyse([tmp_path / "a.jsonl"], tmp_path / "key.json")
    assert found.listeners == ("ann",) and not found.incomplete and len(found.faults) == 1


def test_a_file_that_came_twice_counts_once(analysed):
    good = lines({"ann": [usual(), usual()], "ben": [usual(), usual()]}, a_key())
    found = analysed(good + good[:10])
    assert found.doubled == 10 and not found.faults and found.systems[0].ratings == 4


def test_another_score_for_the_same_stimulus_is_named_and_the_first_counts(analysed):
    good = lines({"ann": [usual(), usual()]}, a_key())
    again = json.dumps(json.loads(good[3]) | {"score": 1})
    found = analysed([*good, again])
    assert [each.reason for each in found.faults] == [
        "rated again with 1 after 60; the first counts"
    ]
    assert next(row for row in found.systems if row.system == "one").mean.mean == 60


def test_trials_that_are_not_whole_do_not_count_and_the_listener_is_named(analysed):
    partly = {system: score for system, score in usual().items() if system != "two"}
    found = analysed(lines({"ann": [usual(), usual()], "ben": [usual(), partly]}, a_key()))
    assert found.listeners == ("ann", "ben") and found.systems[0].ratings == 3
    assert [str(each) for each in found.incomplete] == [
        "ben: rated 1 of 2 trials whole; only those count"
    ]


def test_nobody_left_is_an_error_with_the_first_reason(analysed):
    with pytest.raises(
        MeasureError, match=r"no listener is left to analyse; the first of 1 .* ann"
    ):
        analysed(lines({"ann": [usual(reference=5), usual()]}, a_key()))


def test_an_empty_file_is_an_error(analysed):
    with pytest.raises(MeasureError, match="no listener is left to analyse$"):
        analysed([])


def test_comments_are_by_recording_once_for_each_listener(analysed):
    key = a_key(1)
    found = lines({"ann": [usual()]}, key, comment="hiss ")
    found += lines({"ben": [usual()]}, key, comment="hiss")
    found += lines({"cid": [usual()]}, key)
    assert analysed(found, key).comments == {"clip 0": ("hiss", "hiss")}
