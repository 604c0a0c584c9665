"""Rows: means over owners, what lacks and why; words and voices; what goes wrong stays counted."""

import random
import time

import numpy as np
import pytest

from tests.evaluate.made_up import SPEC, Steps, sound
from tests.evaluate.summary.made_up_studies import noise, result, scored, study
from vocable.errors import MeasureError, TokenError
from vocable.evaluate import Interval, bootstrap_interval, verify
from vocable.evaluate.summary import Summary, summarise
from vocable.evaluate.sweep import Study


def test_a_row_is_what_each_part_says_of_it():
    values = 2 + noise(12)
    results = [result("a", n, scores={"pesq_wb": v}) for n, v in enumerate(values)]
    (row,) = summarise(study(results)).rows
    assert (row.system, row.set, row.asked, row.made, row.owners) == ("a", "speech", 12, 12, 3)
    cell = row.cells["pesq_wb"]
    assert cell.scored == 12
    asked = bootstrap_interval(values, [each.speaker for each in results])
    assert cell.interval.mean == pytest.approx(asked.mean)
    assert (cell.interval.low, cell.interval.high) == pytest.approx((asked.low, asked.high))


def test_what_lacks_is_counted_with_its_reasons():
    short, silent = "too short", "silent"
    results = [
        *(result("a", n, scores={"stoi": 0.9}) for n in range(3)),
        *(result("a", n, unscored={"stoi": short}) for n in (3, 4)),
        result("a", 5, unscored={"stoi": silent}),
        result("a", 6, fault="OSError: gone"),
        result("b", 7, scores={"stoi": 0.8}),
    ]
    row, other = summarise(study(results, ("stoi",))).rows
    assert (row.asked, row.made, row.cells["stoi"].scored) == (8, 6, 3)
    assert dict(row.unscored["stoi"]) == {short: 2, silent: 1}
    assert list(row.unscored["stoi"]) == [short, silent]
    assert dict(row.faults) == {"OSError: gone": 1, "not judged yet": 1}
    assert other.made == 1 and sum(other.faults.values()) == 7


def test_the_bitrate_is_of_all_bits_over_all_seconds():
    results = [result("a", n, bits=bits) for n, bits in enumerate((1000.0, 5000.0))]
    assert summarise(study(results)).rows[0].bitrate == 1500
    assert summarise(study([*results, result("a", 2, bits=None)])).rows[0].bitrate is None
    assert (
        summarise(study([*results, result("a", 2, bits=None, fault="no")])).rows[0].bitrate == 1500
    )


def test_controls_come_first_then_what_was_asked_for():
    results = [result("z"), result("a"), result("mulaw", family="control"), result("original")]
    assert [row.system for row in summarise(study(results)).rows] == ["mulaw", "original", "z", "a"]


def test_sets_are_kept_apart():
    results = [
        result("a", n, set=name, scores={"pesq_wb": value})
        for name, value in (("speech", 3.0), ("music", 1.0))
        for n in range(4)
    ]
    found = summarise(study(results))
    assert found.sets() == ("speech", "music")
    assert [row.cells["pesq_wb"].interval.mean for row in found.rows] == [3.0, 1.0]


def test_the_order_of_results_does_not_matter():
    values = {name: 2 + noise(20, seed) for seed, name in enumerate(("original", "a", "b"))}
    whole = scored(values)
    mixed = list(whole.results)
    random.Random(0).shuffle(mixed)
    again = Study(tuple(mixed), whole.systems, whole.sets, whole.measures)
    assert summarise(again) == summarise(whole)


def test_nothing_asked_is_an_empty_summary():
    assert summarise(study([])) == Summary((), (), (), (), {})
    empty = Study((result(),), ("a",), ("speech", "music"), {"speech": ("stoi",)})
    assert summarise(empty).sets() == ("speech",)


def test_everything_faulted_is_a_row_that_says_so():
    found = summarise(study([result("a", n, fault="it hangs", bits=None) for n in range(12)]))
    (row,) = found.rows
    assert (row.made, dict(row.cells), dict(row.faults)) == (0, {}, {"it hangs": 12})
    assert row.bitrate is None and np.isnan(row.delay)
    assert "nothing of 12 of 12 recordings; 12: it hangs" in [each.reason for each in found.doubts]


def test_a_measure_that_nobody_knows_is_named():
    with pytest.raises(MeasureError, match='no measure named "pesq_wv"'):
        summarise(study([result(scores={"pesq_wv": 1.0})], ("pesq_wv",)))


TEXTS = {f"{n:016x}": "one two three four" for n in range(6)}
HEARD = {
    "original": ["one two three four"] * 5 + ["one two three"],
    "good": ["one two three four"] * 5 + ["one two three"],
    "bad": ["one two", "", "one", "two", "one two", "three"],
}


def spoken(**known) -> Study:
    results = [
        result(system, n, speaker=f"s{n}", words={"ear": text})
        for system, texts in HEARD.items()
        for n, text in enumerate(texts)
    ]
    return study(results, (), **known)


def test_words_come_with_the_recognisers_own_error_first():
    original, good, bad = (row.words["ear"] for row in summarise(spoken(texts=TEXTS)).rows)
    assert original.own.rate == original.decoded.rate == 1 / 24 and original.differential.rate == 0
    assert good.claim == "no difference" and good.own == original.own
    assert bad.claim == "more errors" and bad.decoded.rate == 17 / 24
    assert bad.differential.rate == pytest.approx(16 / 23)


def test_words_without_texts_have_a_differential_alone():
    *_, bad = (row.words["ear"] for row in summarise(spoken()).rows)
    assert (bad.own, bad.decoded, bad.claim) == (None, None, None)
    assert bad.differential.rate == pytest.approx(16 / 23)


def test_what_was_not_recognised_is_named_with_its_reason():
    results = [
        *(result("original", n, words={"ear": "one"}) for n in range(3)),
        result("a", 0, words={"ear": "one"}),
        result("a", 1, fault="it hangs"),
        result("a", 2, unscored={"ear": "silent"}),
    ]
    words = summarise(study(results)).rows[1].words["ear"]
    assert {each.name: each.reason for each in words.refusals} == {
        "clip1": "it hangs",
        "clip2": "silent",
    }
    assert words.differential.scored == 1


def vectors(count: int, spread: float) -> np.ndarray:
    random = np.random.default_rng(0)
    centres = random.standard_normal((3, 8))[np.arange(count) % 3]
    found = centres + spread * random.standard_normal((count, 8))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_voices_have_a_floor_and_a_ceiling():
    before, after = vectors(12, 0.3), vectors(12, 0.8)
    results = [
        result(system, n, voice={"ear": vector.tolist()})
        for system, found in (("original", before), ("a", after))
        for n, vector in enumerate(found)
    ]
    found = summarise(study(results))
    speakers = [f"s{n % 3}" for n in range(12)]
    own = found.own["speech", "ear"]
    assert own == verify(before, before, speakers)
    assert own.different < own.same < 1
    original, kept = (row.voices["ear"] for row in found.rows)
    assert original.similarity.mean == pytest.approx(1)
    assert kept.similarity.mean == pytest.approx(np.sum(before * after, axis=1).mean())
    assert kept.verification == verify(before, after, speakers) and kept.scored == 12


def test_without_originals_words_and_voices_have_nothing_to_go_by():
    (row,) = summarise(study([result("a", words={"ear": "one"}, voice={"ear": [1.0]})])).rows
    assert not row.words and not row.voices


def test_the_use_of_tokens_is_of_the_whole_set():
    tokens = {f"hash{n}": Steps().encode(sound(seed=n)) for n in range(3)}
    results = [result("a", n, tokens=f"hash{n}") for n in range(3)] + [result("b")]
    found = summarise(study(results), tokens.__getitem__)
    assert list(found.use) == [("speech", "a")]
    assert found.use["speech", "a"].recordings == 3
    assert found.use["speech", "a"].spec == SPEC
    assert not summarise(study(results)).use


def test_tokens_that_cannot_be_read_are_a_doubt():
    def lost(key: str):
        raise TokenError(f"tokens/{key}.vcb ends in the middle")

    found = summarise(study([result("a", tokens="hash")]), lost)
    assert not found.use
    assert found.doubts[-1].reason == (
        "its tokens cannot be counted: tokens/hash.vcb ends in the middle"
    )


def test_one_speaker_alone_has_a_mean_without_ends():
    results = [result("a", n, speaker="anna", scores={"pesq_wb": 2.0}) for n in range(4)]
    interval = summarise(study(results)).rows[0].cells["pesq_wb"].interval
    assert isinstance(interval, Interval) and interval.mean == 2 and np.isnan(interval.low)


def test_a_large_study_takes_seconds(untyped):
    measures = ("pesq_wb", "pesq_nb", "stoi", "estoi", "mcd", "snr", "si_sdr", "plcmos")
    values = np.random.default_rng(0).standard_normal((20, 260, len(measures)))
    results = [
        result(f"s{k}", n, speaker=f"p{n % 90}", scores=dict(zip(measures, row, strict=True)))
        for k, rows in enumerate(values.tolist())
        for n, row in enumerate(rows)
    ]
    start = time.process_time()
    found = summarise(study(results, measures))
    assert len(found.differences) == 190 * len(measures)
    assert time.process_time() - start < 8
