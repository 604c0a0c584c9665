"""Words that are heard: errors against what was said, and against what the recording gave."""

from pathlib import Path

import pytest

from benchmarks import listeners
from benchmarks.clips import Clip
from benchmarks.heard import Transcripts, transcripts
from benchmarks.judged import Plan
from benchmarks.judging import ITSELF, Row
from benchmarks.results import Results


def row(system: str, clip: str, text: str) -> Row:
    return Row(system, clip, clip, 0.0, {}, kind="words", clips="far", text=text)


@pytest.fixture
def found() -> Transcripts:
    rows = [row(ITSELF, "a", "one two"), row(ITSELF, "b", "three four five six")]
    rows += [row("codec", "a", "one too"), row("codec", "b", "three four five six")]
    clips = [Clip(Path("a"), "a", text="won two"), Clip(Path("b"), "b")]
    return transcripts(Plan([], {"far": clips}, False, True, False), Results(rows), "far")


def test_errors_are_of_all_words_and_of_the_true_text_where_there_is_one(found):
    assert found.error("codec", False).mean == pytest.approx(100 / 6)
    assert found.error("codec", True).mean == 100  # of the one clip
    assert found.error(ITSELF, True).mean == 50


def test_differences_are_of_the_same_words(found):
    assert found.difference("codec", ITSELF, False).mean == pytest.approx(100 / 6)
    assert found.difference(ITSELF, "codec", True).mean == -50


def test_a_set_without_true_text_has_no_such_error(found):
    assert Transcripts(found.heard, {}, found.speakers).error("codec", True) is None


def test_what_a_listener_lacks_is_named(monkeypatch):
    monkeypatch.setitem(listeners.PACKAGES, "words", ("json", "no_such_package"))
    assert listeners.missing("words") == ["no_such_package"]
