"""The folder of a sweep: lines that add to each other, damage, what is not a study."""

import json
from dataclasses import replace

import pytest

from vocable.errors import FormatError
from vocable.evaluate.sweep import Result, read_study
from vocable.evaluate.sweep.store import Store, merged

ONE = Result("0a", "0b", "codec", "codec", "a", "noise", "anna", 1.0, bits=8.0, delay=0.01)


def scored(**scores: float) -> Result:
    return replace(ONE, scores=scores, versions=dict.fromkeys(scores, "1"))


def unscored(name: str) -> Result:
    return replace(ONE, unscored={name: "silent"}, versions={name: "1"})


def test_lines_add_to_each_other(tmp_path):
    parts = [scored(snr=1.0), scored(stoi=0.5), replace(ONE, words={"ear": "one two"})]
    with Store(tmp_path) as store:
        for part in parts:
            store.add(part)
        whole = store.results["0a", "0b"]
    assert whole.scores == {"snr": 1.0, "stoi": 0.5} and whole.words == {"ear": "one two"}
    assert whole.bits == 8 and whole.delay == 0.01
    with Store(tmp_path) as store:
        assert store.results == {("0a", "0b"): whole}
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 3


def test_the_later_line_counts():
    assert merged(scored(snr=1.0), scored(snr=2.0)).scores == {"snr": 2.0}
    lost = merged(scored(snr=1.0), unscored("snr"))
    assert (lost.scores, lost.unscored) == ({}, {"snr": "silent"})
    found = merged(unscored("snr"), scored(snr=1.0))
    assert (found.scores, found.unscored) == ({"snr": 1.0}, {})
    broken = merged(scored(snr=1.0), replace(ONE, fault="hangs", bits=None))
    assert broken.fault == "hangs" and broken.bits == 8
    assert merged(broken, ONE).fault == ""


def test_a_torn_last_line_is_dropped_and_written_over(tmp_path):
    with Store(tmp_path) as store:
        store.add(scored(snr=1.0))
    path = tmp_path / "results.jsonl"
    whole = path.read_bytes()
    for end in (1, 20, len(whole) - 1):
        path.write_bytes(whole + whole[:end])
        with Store(tmp_path) as store:
            assert store.results["0a", "0b"].scores == {"snr": 1.0}
        assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["{", "[]", '{"recording": "0a"}', '{"new": 1}'])
def test_a_damaged_line_is_named(tmp_path, line):
    (tmp_path / "results.jsonl").write_text(f"{json.dumps(ONE.to_json())}\n{line}\n")
    with pytest.raises(FormatError, match=r"results.jsonl:2 is not a result of this version"):
        Store(tmp_path)
    (tmp_path / "results.jsonl").write_text("")
    Store(tmp_path)  # what refused it has let go of the folder


def test_what_is_not_a_study_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no study"):
        read_study(tmp_path)
    (tmp_path / "study.json").write_text('{"format": 2}')
    with pytest.raises(FormatError, match="has format 2, and this version of vocable reads 1"):
        read_study(tmp_path)
    for text in ("{", "[]", '{"format": 1}'):
        (tmp_path / "study.json").write_text(text)
        with pytest.raises(FormatError, match="study.json is damaged"):
            read_study(tmp_path)


def test_a_store_survives_the_process_and_lets_go_of_its_folder(tmp_path):
    with Store(tmp_path), pytest.raises(FileExistsError, match="another run is writing"):
        Store(tmp_path)
    with Store(tmp_path) as store:
        assert store.results == {}
