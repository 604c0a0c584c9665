"""`vocable speak prepare`: what it says and writes, and what it refuses before any work."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from tests.cli.calls import call, results
from tests.speak.prepare import talk
from tests.speak.prepare.talk import write
from vocable import atomic
from vocable.errors import MeasureError

PARTS = ("--recogniser", "talk-ear", "--activity", "energy", "--speakers", "talk-voices")
TALK = ("one two three four.", 0.5, "five six.", 1.5, "seven one two four.")


@pytest.fixture(autouse=True)
def listeners(monkeypatch):
    talk.register(monkeypatch)
    monkeypatch.setattr(atomic, "_sync", lambda path: None)


def test_it_says_what_there_is_and_what_was_left_out(here: Path) -> None:
    write(here / "talk.wav", talk.talk(*TALK))
    lines = call("speak", "prepare", "talk.wav", "-o", "anna", *PARTS).stderr.splitlines()
    assert lines[0].startswith("anna  2 snippets  5 s  1 new recording  ")
    assert lines[1].startswith("left out: 2 s pauses, and sound that is not speech")
    assert lines[2].startswith("no consent is stored: fine-tuning and cloning will refuse this set")
    assert lines[3] == f"correct the texts: {os.path.join('anna', 'correct.html')}"


def test_json_and_folders_and_a_second_run(here: Path) -> None:
    (here / "talks").mkdir()
    write(here / "talks" / "a.wav", talk.talk(*TALK))
    (here / "talks" / "notes.txt").write_text("not a recording")
    line = (
        "speak",
        "prepare",
        "talks",
        "-o",
        "anna",
        "--speaker",
        "Anna",
        "--consent",
        "yes, Anna",
    )
    (one,) = results(*line, *PARTS)
    (again,) = results(*line, *PARTS)
    assert (one["snippets"], one["new"], one["consent"]) == (2, 1, "yes, Anna")
    assert again["new"] == 0 and again["repeated"] == [os.path.join("talks", "a.wav")]
    assert one["characters_per_second"] > 1 and one["lost_seconds"]
    assert '"speaker": "Anna"' in Path("anna", "metadata.jsonl").read_text()


def test_a_bad_recording_is_an_error_and_the_others_are_done(here: Path) -> None:
    write(here / "good.wav", talk.talk(*TALK))
    write(here / "silent.wav", np.zeros(32_000))
    done = call("speak", "prepare", "good.wav", "silent.wav", "-o", "anna", *PARTS, code=1)
    assert done.stderr.splitlines()[0].startswith("error: silent.wav is silent; is it the right")
    assert Path("anna", "metadata.jsonl").exists()


def test_no_good_recording_makes_no_set(here: Path) -> None:
    write(here / "silent.wav", np.zeros(32_000))
    done = call("speak", "prepare", "silent.wav", "-o", "anna", *PARTS, code=1)
    assert done.stderr.splitlines()[1] == "no recording can be used, so no set was made"
    (facts,) = results("speak", "prepare", "silent.wav", "-o", "anna", *PARTS, code=1)
    assert facts["set"] is None and list(facts["refused"]) == ["silent.wav"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.wav", "-o", "anna"), "no such file: missing.wav"),
        (("empty", "-o", "anna"), "no file ending in .wav, "),
        (("talk.wav", "-o", "no/anna"), "the folder no does not exist"),
        (("talk.wav", "-o", "other"), "other holds other files and no prepared set"),
        (("talk.wav", "-o", "talk.wav"), "talk.wav is a file; name the folder of the set"),
        (("talk.wav", "-o", "anna", "--recogniser", "talk-er"), 'nearest: "talk-ear"'),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(here: Path, arguments, message) -> None:
    write(here / "talk.wav", talk.talk(*TALK))
    (here / "empty").mkdir()
    (here / "other").mkdir()
    (here / "other" / "letter.txt").write_text("dear")
    done = call("speak", "prepare", *PARTS, *arguments, code=2)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not Path("anna").exists()


def test_force_prepares_anew(here: Path) -> None:
    write(here / "talk.wav", talk.talk(*TALK))
    line = ("speak", "prepare", "talk.wav", "-o", "anna", *PARTS)
    call(*line)
    done = call(*line, "--keep-speakers", code=2)
    assert "was prepared with keep_speakers False; name another folder, or --force" in done.stderr
    call(*line, "--keep-speakers", "--force")


def test_a_full_disk_is_one_line(here: Path, monkeypatch) -> None:
    write(here / "talk.wav", talk.talk(*TALK))

    def full(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(atomic, "_sync", full)
    done = call("speak", "prepare", "talk.wav", "-o", "anna", *PARTS, code=1)
    assert "the disk is full; free some space and run again" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not Path("anna", "set.json").exists()


def test_a_missing_package_is_that_of_the_extra_for_preparing(here: Path, monkeypatch) -> None:
    from vocable.measures import recognisers

    def missing(name: str) -> None:
        raise MeasureError('this recogniser needs the package x: pip install "vocable[words]"')

    monkeypatch.setitem(recognisers.RECOGNISERS, "talk-ear", lambda: missing("talk-ear"))
    recognisers.load_recogniser.cache_clear()
    write(here / "talk.wav", talk.talk(*TALK))
    refused = call("speak", "prepare", "talk.wav", "-o", "anna", *PARTS, code=2)
    recognisers.load_recogniser.cache_clear()
    assert 'pip install "vocable[prepare]"' in refused.stderr
