"""What users get wrong, at the doors of `vocable speak`: one line each, and nothing is lost."""

import errno
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call
from tests.speak.finetune import toys
from tests.speak.finetune.conftest import model as csm  # noqa: F401 - a fixture
from tests.speak.finetune.conftest import voice as tones  # noqa: F401
from tests.speak.finetune.test_say import overrides, write_set
from tests.speak.small import write_sayer
from tests.train.say.test_prepare import SPEECH
from vocable import atomic
from vocable.speak.prepare.set import PreparedSet

RATE = 16_000
HISS = 0.1 * np.random.default_rng(1).normal(size=(1, 2 * RATE))


@pytest.fixture(scope="module")
def sayer(tmp_path_factory):
    return write_sayer(tmp_path_factory.mktemp("say") / "small")


def refused(*arguments, code=2):
    """Return the one line in which a command refuses."""
    (line,) = call(*arguments, code=code).stderr.splitlines()
    return line


def written(path, samples, rate=RATE):
    vocable.Audio(np.asarray(samples, np.float32), rate).save(path)
    return path


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((1, 2 * RATE)), RATE, "the recording of the voice is silent"),
        (HISS, 8000, "the voice is recorded at 8000 Hz; give a recording of 16000 or more"),
        (HISS[:, :8000], RATE, "the voice is heard for 0.50 s; give 1 s or more"),
        (np.clip(90 * HISS, -1, 1), RATE, "of the samples of the voice are clipped"),
    ],
)
def test_a_recording_that_is_no_voice(sayer, tmp_path, samples, rate, message):
    her = written(tmp_path / "her.wav", samples, rate)
    out = tmp_path / "out.wav"
    speak = "speak", "One.", "--model", sayer, "--voice", her, "-o", out
    assert message in refused(*speak, "--consent", "A")
    assert "--consent" in refused(*speak)
    assert not out.exists()


def test_what_is_doubtful_about_a_voice_is_said(sayer, tmp_path):
    her, out = written(tmp_path / "her.wav", HISS), tmp_path / "out.wav"
    speak = "speak", "One.", "--model", sayer, "--consent", "A", "-o", out
    done = call(*speak, "--voice", her)
    assert f"warning: {her}: no speech is found in it" in done.stderr and out.exists()
    assert "warning" not in call(*speak, "--voice", SPEECH, "--force").stderr


def test_a_model_that_reads_the_transcript_asks_for_it(csm, tmp_path):  # noqa: F811
    line = refused("speak", "abc", "--model", csm, "--voice", SPEECH, "--consent", "A",
                   "-o", tmp_path / "out.wav")  # fmt: skip
    assert line.endswith(
        "the model reads what a voice says in its recording; give its text (--text)"
    )


def test_an_adapter_of_another_base(sayer, csm, tones, tmp_path):  # noqa: F811
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    quick = [item for each in overrides() for item in ("--set", each)]
    voice = write_set(tmp_path / "john")
    call("speak", "finetune", sayer, voice, "-o", own, *quick, "--set", "held_out.samples=0")
    toy = [item for each in toys.table(csm, schedule__steps=1) for item in ("--set", each)]
    call("speak", "finetune", csm, tones, "-o", theirs, *toy)
    for base, adapter in ((csm, own), (sayer, theirs)):
        line = refused("speak", "abc", "--model", base, "--adapter", adapter,
                       "-o", tmp_path / "out.wav")  # fmt: skip
        assert "is an adapter of another model" in line and "load the model" in line
    line = refused("speak", "abc", "--model", sayer, "--adapter", voice, "-o", tmp_path / "x.wav")
    assert line.endswith("is not an adapter: it has no adapter_config.json")


BAD_ROWS = {
    "": "there are no words to say in",
    "🙂": "there are no words to say in",
    "word " * 1000: "are too few for 3000 phones; is that the text of it?",
    "Das alte Haus steht am Rand der Stadt, und niemand wohnt darin.": "not what is spoken",
}


def test_rows_that_cannot_be_learnt_from_are_named(sayer, tmp_path):
    folder = write_set(tmp_path / "john")
    found = PreparedSet.read(folder)
    first, *_, last = found.rows
    rows = [first, last]
    for number, text in enumerate(BAD_ROWS):
        name = f"audio/bad-{number:04}.flac"
        (folder / name).write_bytes(found.path(first).read_bytes())
        rows.append(replace(first, file_name=name, text=text))
    marked = replace(first, file_name="audio/marked-0001.flac", text=f"<b>{first.text}</b> 🙂")
    (folder / marked.file_name).write_bytes(found.path(first).read_bytes())
    PreparedSet(folder, found.about, (*rows, marked)).save()
    quick = [item for each in overrides() for item in ("--set", each)]
    done = call("speak", "finetune", sayer, folder, "-o", tmp_path / "run", *quick,
                "--set", "held_out.samples=0")  # fmt: skip
    left_out = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    for line, (number, why) in zip(left_out, enumerate(BAD_ROWS.values()), strict=True):
        assert f"bad-{number:04}.flac: " in line and why in line
    assert ", 2 snippets, in " in done.stderr


def full(path):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_a_full_disk_leaves_what_was_spoken_before(sayer, tmp_path, monkeypatch):
    out = tmp_path / "out.wav"
    call("speak", "One.", "--model", sayer, "-o", out)
    before = out.read_bytes()
    monkeypatch.setattr(atomic, "_sync", full)
    line = refused("speak", "One, two.", "--model", sayer, "-o", out, "--force")
    assert "make room and run again" in line
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]


def test_a_full_disk_ends_a_run_that_goes_on_later(csm, tones, tmp_path, monkeypatch):  # noqa: F811
    """Torch names a full disk as an error of its own; the checkpoint of before is resumed."""
    sets = [item for each in toys.table(csm) for item in ("--set", each)]
    line = "speak", "finetune", csm, tones, "-o", tmp_path / "run", *sets
    save, saves = torch.save, []

    def on_a_full_disk(state, path):
        saves.append(path)
        if len(saves) == 2:
            raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 4 vs 2")
        save(state, path)

    monkeypatch.setattr(torch, "save", on_a_full_disk)
    done = call(*line, code=1)
    assert done.stderr.splitlines()[-1].endswith("the disk is full; free some space and run again")
    assert "bug" not in done.stderr
    monkeypatch.undo()
    assert "done; the weights of step 12, " in call(*line, "--resume").stderr
