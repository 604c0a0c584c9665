"""CSV and JSON: all of it is there, units are in the keys, what is not known is empty or null."""

import csv
import io
import json

import pytest

from tests.evaluate.made_up import Steps, sound
from tests.evaluate.summary.made_up_studies import noise, result, scored, study
from vocable.evaluate.summary import summarise
from vocable.evaluate.summary.files import csv_text, json_text


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_line_of_csv_has_a_value_with_all_that_it_needs():
    found = summarise(scored({"a": [*noise(9), None], "b, the second": [None] * 10}))
    (line,) = rows(csv_text(found))
    cell = found.rows[0].cells["pesq_wb"]
    assert (line["set"], line["system"], line["family"], line["measure"]) == (
        *("speech", "a", "a", "pesq_wb"),
    )
    assert (line["kbps"], line["scored"], line["asked"]) == ("1.0", "9", "10")
    numbers = [float(line[name]) for name in ("mean", "low", "high")]
    assert numbers == [cell.interval.mean, cell.interval.low, cell.interval.high]


def test_a_measure_without_any_value_has_a_line_of_its_own():
    known = {"unscored": {"pesq_wb": "too short"}, "bits": None}
    (line,) = rows(csv_text(summarise(study([result("a", **known)]))))
    assert (line["mean"], line["low"], line["kbps"], line["scored"]) == ("", "", "", "0")


def test_one_speaker_leaves_the_ends_empty():
    found = summarise(study([result("a", scores={"pesq_wb": 2.0})]))
    (line,) = rows(csv_text(found))
    assert (line["mean"], line["low"], line["high"]) == ("2.0", "", "")
    row = json.loads(json_text(found))["rows"][0]
    assert row["scores"]["pesq_wb"] == {
        "unit": "MOS-LQO",
        "mean": 2.0,
        "low": None,
        "high": None,
        "scored": 1,
    }


def test_json_has_all_of_the_summary():
    tokens = Steps().encode(sound())
    results = [
        result(
            system,
            n,
            scores={"pesq_wb": value + n / 10},
            tokens="hash",
            delay=0.01,
            words={"ear": heard},
            voice={"eye": [1.0, 0.0]},
        )
        for system, value, heard in (("original", 4.0, "one two"), ("a", 2, "one"), ("b", 3, "two"))
        for n in range(6)
    ]
    found = summarise(
        study(results, texts={f"{n:016x}": "one two" for n in range(6)}), lambda key: tokens
    )
    kept = json.loads(json_text(found))
    assert kept["format"] == 1
    row = kept["rows"][1]
    assert (row["system"], row["bits_per_second"], row["delay_seconds"]) == ("a", 1000.0, 0.01)
    assert (row["asked"], row["made"], row["owners"]) == (6, 6, 3)
    assert row["words"]["ear"]["own"]["mean"] == 0
    assert row["words"]["ear"]["decoded"]["deletions"] == 6
    assert row["words"]["ear"]["claim"] == "more errors"
    assert row["voices"]["eye"]["similarity"]["mean"] == 1
    assert row["voices"]["eye"]["trials"]["equal_error_rate"]["mean"] == pytest.approx(0.5)
    (difference,) = kept["differences"]
    (asked,) = found.differences
    assert (difference["first"], difference["second"]) == ("a", "b")
    assert difference["adjusted_p"] == asked.adjusted and difference["sure"] == asked.sure
    assert difference["needed_owners"] == asked.needed
    assert kept["ranks"][0]["shares"] == {k: list(v) for k, v in found.ranks[0].shares.items()}
    assert [each["reason"] for each in kept["doubts"]] == [each.reason for each in found.doubts]
    use = kept["use"][1]
    assert (use["system"], use["space"], use["recordings"]) == ("a", "steps@1:0a1b", 6)
    assert use["levels"][0]["entries"] == 16 and use["bits_per_second"]["language"] is None
    assert kept["embeddings"][0]["trials"]["same"] == 1


def test_equal_studies_give_equal_text():
    scores = {"a": noise(9), "b": noise(9, 1)}
    first, second = (summarise(scored(scores)) for _ in range(2))
    assert json_text(first) == json_text(second) and csv_text(first) == csv_text(second)


def test_nothing_gives_a_head_and_empty_lists():
    found = summarise(study([]))
    assert rows(csv_text(found)) == []
    assert json.loads(json_text(found))["rows"] == []
