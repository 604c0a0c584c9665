"""Tables: what stands where, what is marked, how wide they are."""

import numpy as np
import pytest

from tests.evaluate.made_up import Steps, sound
from tests.evaluate.summary.made_up_studies import noise, result, scored, study
from vocable.evaluate import Interval
from vocable.evaluate.summary import summarise
from vocable.evaluate.summary.tables import WIDTH, plus_minus, table

EXAMPLE = {"a": 2 + noise(12), "b": 3 + noise(12, 1), "original": [4.64] * 12}


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_a_small_table():
    known = {"a": {"bits": 2000.0}, "b": {"bits": 4660.0, "delay": 0.0125}}
    text = table(summarise(scored(EXAMPLE, **{**known, "original": {"bits": None}})))
    assert text.splitlines()[:8] == [
        "speech: 12 recordings",
        "",
        "          kbps     pesq_wb ↑  late, ms",
        "──────────────────────────────────────",
        "original     ?  4.64 ± 0.00        0.0",
        "──────────────────────────────────────",
        "a         1.00  2.00 ± 0.05        0.0",
        "b         2.33  3.02 ± 0.04*      12.5",
    ]


@pytest.mark.parametrize("gap", [1.0, 0.001])
def test_the_best_is_marked_where_it_is_sure(gap):
    scores = {**EXAMPLE, "b": EXAMPLE["a"] + gap + noise(12, 2), "c": EXAMPLE["a"] - 1}
    marked = [
        line.split()[0]
        for line in table(summarise(scored(scores))).splitlines()
        if "*" in line and "±" in line and "half" not in line
    ]
    assert marked == (["b"] if gap == 1 else [])


def test_the_best_of_a_distance_is_the_least():
    (line,) = lines(table(summarise(scored(EXAMPLE, "mel_distance_dac"))), "a ")
    assert line.endswith("*")


def test_values_that_lack_are_counted_in_the_cell():
    scores = {"a": [2.0] * 11 + [None], "b": [None] * 12}
    text = table(summarise(scored(scores, b={"unscored": {"pesq_wb": "too short"}})))
    assert "2.00 ± 0.00  11/12" in text or "2.00 ± 0.00 11/12" in text
    assert "– 0/12" in text and "12 × pesq_wb: too short" in text


def test_one_speaker_has_a_mean_and_a_question_mark():
    results = [result("a", n, speaker="anna", scores={"pesq_wb": 2.0}) for n in range(3)]
    text = table(summarise(study(results)))
    assert "2.00 ± ?" in text and "one speaker alone has no interval" in text
    assert "nan" not in text


def test_neighbours_are_sure_or_take_more_speakers():
    scores = {"low": 2 + noise(12), "high": 4 + noise(12, 1), "near": 4.05 + noise(12, 2)}
    found = summarise(scored(scores))
    needed = next(d.needed for d in found.differences if (d.first, d.second) == ("high", "near"))
    (ranks,) = found.ranks
    first, second = [name for name in ranks.shares if name != "low"]
    expected = f"  pesq_wb: {first} ~{needed} {second} > low (whole order in {ranks.kept:.0%} of"
    assert expected in table(found)
    assert "would take 40 recordings" in table(found)


def test_a_pair_may_contradict_the_means_of_all_recordings():
    # what b lacks is hard, so its mean is high; where both were heard, a is better
    scores = {"a": [3.0] * 19 + [-9.0], "b": [2.0] * 19 + [None]}
    assert "pesq_wb: a > b" in table(summarise(scored(scores)))


def test_equal_systems_are_alike():
    text = table(summarise(scored({"a": [2.0] * 12, "b": [2.0] * 12})))
    assert "pesq_wb: a ~ b (whole order in 0% of draws)" in text


def test_many_columns_and_remarks_stay_within_the_width():
    measures = ("pesq_wb", "stoi", "visqol_speech", "mel_distance_dac", "log_spectral_distance")
    values = {name: 2 + noise(12, k) for k, name in enumerate(("original", *"abcdefgh"))}
    results = [
        result(f"a-system-called-{name}", n, scores=dict.fromkeys(measures, value))
        for name, column in values.items()
        for n, value in enumerate(column)
    ]
    text = table(summarise(study(results, measures)))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert len(lines(text, "a-system-called-b")) == 2
    assert all(measure in text for measure in measures)


def test_words_voices_and_tokens_have_their_own_tables():
    tokens = Steps().encode(sound())
    results = [
        result(system, n, words={"ear": heard}, voice={"eye": [1.0, 0.0]}, tokens=kept)
        for system, heard, kept in (("original", "one two", ""), ("a", "one", "hash"))
        for n in range(6)
    ]
    texts = {f"{n:016x}": "one two" for n in range(6)}
    text = table(summarise(study(results, (), texts=texts), lambda key: tokens))
    assert "ear wrong, %" in text and "differential, %" in text
    assert lines(text, "a ")[1].split() == [
        *("a", "1.00", "50.0", "±", "0.0", "50.0", "±", "0.0", "50.0", "±", "0.0", "more", "errors")
    ]
    assert "eye ↑" in text and "entropy, kbps" in text
    assert "eye: other recordings of one speaker 1.000, of two 1.000; confused" in text


def test_nothing_is_a_sentence():
    assert table(summarise(study([]))) == "no results yet"


def test_everything_faulted_still_prints():
    text = table(summarise(study([result("a", n, fault="it hangs") for n in range(12)])))
    assert "0/12" in text and "a: 12 × it hangs" in text and "nan" not in text


def test_plus_minus_is_half_the_interval():
    assert plus_minus(Interval(2.0, 1.9, 2.2), 2) == "2.00 ± 0.15"
    assert plus_minus(Interval(0.25, 0.2, 0.3), 1, 100.0) == "25.0 ± 5.0"
    assert plus_minus(Interval(2.0, np.nan, np.nan), 1) == "2.0 ± ?"
