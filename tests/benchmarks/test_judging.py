"""Scores that are kept: a run that stopped goes on, and what changed is computed again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmarks import judging
from benchmarks.clips import Clip
from benchmarks.judging import ITSELF, System, Task, judge, level, loudest, run_task
from tests.measures.signals import LOUDER, RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import register

ITSELF_SYSTEM = System(ITSELF)


@pytest.fixture
def task(registry, tmp_path):
    register(LOUDER)
    soundfile.write(tmp_path / "a.wav", voice(1.0), RATE)
    clip = Clip(tmp_path / "a.wav", "a")
    return Task("scores", "speech", "clean", clip, (ITSELF_SYSTEM,), ("louder",))


@pytest.fixture
def done(monkeypatch):
    """The tasks that were run, which happens in this process."""
    found = []
    monkeypatch.setattr(
        judging, "ProcessPoolExecutor", lambda jobs, mp_context: ThreadPoolExecutor(jobs)
    )
    monkeypatch.setattr(judging, "run_task", lambda task: found.append(task) or run_task(task))
    return found


def test_a_row_has_the_measures_asked_and_both_levels(task):
    (row,) = run_task(task)
    assert row.measures == {"louder": 0, "level_db": 0, "loudest_db": 0}
    assert row.key == ("scores", "speech", "clean", "a.wav", ITSELF, "")


def test_what_is_kept_is_not_computed_again(task, done, tmp_path):
    keep = tmp_path / "kept.jsonl"
    first = judge([task], 1, keep)
    assert judge([task], 1, keep) == first and len(done) == 1
    judge([replace(task, condition="0 dB")], 1, keep)
    assert [each.condition for each in done] == ["clean", "0 dB"]
    assert len(keep.read_text().splitlines()) == 2


def test_a_line_that_was_cut_off_is_computed_again(task, done, tmp_path):
    keep = tmp_path / "kept.jsonl"
    judge([task], 1, keep)
    keep.write_text(keep.read_text()[:-20])
    (row,) = judge([task], 1, keep)
    assert len(done) == 2 and json.loads(keep.read_text())["measures"] == row.measures


def test_new_measures_and_other_weights_are_computed(task, done, tmp_path):
    keep = tmp_path / "kept.jsonl"
    judge([task], 1, keep)
    (row,) = judge([replace(task, measures=("louder", "si_sdr"))], 1, keep)
    assert done[-1].measures == ("si_sdr",) and row.measures["louder"] == 0
    assert judge([replace(task, measures=("louder", "si_sdr"))], 1, keep) == [row]
    judge([replace(task, systems=(replace(ITSELF_SYSTEM, weights="ab"),))], 1, keep)
    assert len(done) == 3 and done[-1].measures == ("louder",)


def test_rows_of_other_tasks_stay_in_the_file_and_out_of_the_results(task, done, tmp_path):
    keep = tmp_path / "kept.jsonl"
    judge([task], 1, keep)
    (row,) = judge([replace(task, condition="0 dB")], 1, keep)
    assert row.condition == "0 dB"


def test_levels_are_of_the_whole_and_of_the_loudest_20_ms():
    x = noise(RATE)
    assert level(0.5 * x, x) == pytest.approx(-6.02, abs=0.01)
    assert level(0 * x, x) is None and loudest(x, 0 * x) is None
    y = np.concatenate([x[: RATE // 50] * 10, x[RATE // 50 :]])
    same = np.resize(x[: RATE // 50], RATE)
    assert loudest(np.concatenate([10 * same[: RATE // 50], same[RATE // 50 :]]), same) == (
        pytest.approx(20)
    )
    assert 0 < level(y, x) < 6


def test_a_voice_that_is_not_there_has_no_similarity_and_a_reason(task, monkeypatch):
    def embed(x: np.ndarray, rate: int) -> np.ndarray:
        if not x.any():
            raise MeasureError("sound is silent")
        return np.array([0.6, 0.8])

    monkeypatch.setattr(judging, "embed", embed)
    monkeypatch.setitem(judging.PEERS, "mute", lambda x: (0 * x, 0.0))
    systems = (System(ITSELF), System("mute"))
    kept, lost = run_task(replace(task, kind="speaker", systems=systems))
    assert kept.measures == {"speaker": 1.0} and not kept.refusals
    assert lost.measures == {"speaker": None}
    assert lost.refusals == ["a.wav, clean, mute: sound is silent"]
