"""Of tasks that begin at once one plans; what it plans holds for all of them."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.corpus.made import tree
from vocable.corpus import claims, encode_corpus, run
from vocable.corpus.claims import claimed, wait_for
from vocable.errors import RecipeError, VocableError


def _encode(sounds: Path, folder: Path, codec: Path, task: tuple[int, int] = (1, 1)) -> None:
    encode_corpus(sounds, folder, str(codec), to="jsonl", size=2, task=task)


def test_one_task_asks_the_source(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _encode(sounds, tmp_path / "alone", codec)
    _encode(sounds, tmp_path / "out", codec, (2, 3))
    ask = run.cut
    monkeypatch.setattr(run, "cut", lambda *_: pytest.fail("asked again"))
    _encode(sounds, tmp_path / "out", codec, (3, 3))
    monkeypatch.setattr(run, "cut", ask)
    _encode(sounds, tmp_path / "out", codec, (1, 3))
    assert tree(tmp_path / "out") == tree(tmp_path / "alone")


def test_tasks_that_begin_at_once_share_one_plan(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = [], run.cut

    def cut(*given: object) -> object:
        asked.append(1)
        time.sleep(0.3)
        return ask(*given)

    monkeypatch.setattr(run, "cut", cut)
    tasks = [
        threading.Thread(target=run.planned, args=(sounds, tmp_path / "out", str(codec)),
                         kwargs={"to": "jsonl", "size": 2, "task": (k, 3)})
        for k in (1, 2, 3)
    ]  # fmt: skip
    for each in tasks:
        each.start()
    for each in tasks:
        each.join()
    assert sum(asked) in (1, 2)  # and once more where the first task came last, and compared
    assert sorted(os.listdir(tmp_path / "out/corpus")) == ["pieces.jsonl", "plan.json"]


def test_a_task_refuses_a_recording_that_is_not_what_was_planned(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    _encode(sounds, tmp_path / "out", codec, (1, 2))
    shutil.copy(sounds / "1.flac", sounds / "2.flac")
    with pytest.raises(VocableError) as caught:
        _encode(sounds, tmp_path / "out", codec, (2, 2))
    assert str(caught.value).startswith(
        f"{sounds / '2.flac'} has changed since the corpus was planned;"
    )


def test_another_setting_is_refused_by_a_task(sounds: Path, codec: Path, tmp_path: Path) -> None:
    _encode(sounds, tmp_path / "out", codec, (1, 2))
    with pytest.raises(RecipeError, match="is written as jsonl, and vcb is asked for"):
        encode_corpus(sounds, tmp_path / "out", str(codec), to="vcb", size=2, task=(2, 2))


def test_a_source_that_is_refused_leaves_nothing(codec: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match="holds no recordings"):
        _encode(tmp_path / "empty", tmp_path / "out", codec, (2, 2))
    assert not (tmp_path / "out").exists()


def test_a_claim_is_waited_for_and_a_dead_one_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "BEAT", 0.05)
    monkeypatch.setattr(claims, "STALE", 0.5)
    path = tmp_path / "a" / "planning"
    with claimed(path) as mine:
        assert mine
        with claimed(path) as second:
            assert not second
        waiting = threading.Thread(target=wait_for, args=(path,))
        waiting.start()
        waiting.join(1.5)
        assert waiting.is_alive() and path.exists()  # its owner lives: longer than a dead one's
    waiting.join(5)
    assert not waiting.is_alive() and not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    wait_for(path)
    assert not path.exists()
