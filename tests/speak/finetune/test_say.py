"""A model that says texts learns a voice of a prepared set, and says texts in it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from tests.speak.small import write_sayer
from tests.train.say.test_prepare import OTHER, SPEECH, TEXT
from vocable.errors import ModelError, RecipeError
from vocable.language.say import Disturbance, losses
from vocable.speak.adapters import with_adapter
from vocable.speak.finetune import finetune, plan
from vocable.speak.finetune.memory import kept
from vocable.speak.finetune.say.model import FRAME, open_network
from vocable.speak.prepare.set import About, PreparedSet, Row
from vocable.train.loop import Loop, Stopped
from vocable.train.say.batches import batch_of
from vocable.train.say.packed import Utterance


def write_set(folder: Path, consent="John, by mail") -> Path:
    """Write a set of one recording, three times, of which the last is held out; a wrong text."""
    (folder / "audio").mkdir(parents=True)
    rows = []
    for number, (text, split) in enumerate(
        [(TEXT, "train"), (TEXT, "train"), (OTHER, "train"), (TEXT, "valid")]
    ):
        name = f"audio/talk-{number:04}.flac"
        shutil.copy(SPEECH, folder / name)
        rows.append(Row(name, text, "john", "en", "talk.wav", 5 * number, 5 * number + 4.9, split))
    about = About(1, "1.0", "john", "john", consent, "en", "", {})
    PreparedSet(folder, about, tuple(rows)).save()
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_sayer(tmp_path_factory.mktemp("say") / "small")


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("set") / "john")


def overrides(**changes):
    values = {
        "schedule.steps": 8, "schedule.warmup": 1, "checkpoints.evaluate_steps": 4,
        "checkpoints.tensorboard": False, "checkpoints.log_steps": 4, "rows.batch": 2,
        "held_out.samples": 0,
    } | changes  # fmt: skip
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]


SPOKEN = {"held_out.samples": 1}


@pytest.fixture(scope="module")
def adapted(model, voice, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "adapter"
    return finetune(str(model), voice, out, overrides=overrides(**SPOKEN), device="cpu")


def test_an_adapter_learns_the_voice(adapted, model):
    bits = list(adapted.bits.values())
    assert adapted.likeness.keys() == adapted.bits.keys()
    assert all(-1 <= each <= 1 for each in adapted.likeness.values())
    assert bits[-1] < bits[0] - 0.05 and adapted.consent == "John, by mail"
    assert adapted.rows == 2 and list(adapted.left_out) == ["audio/talk-0002.flac"]
    assert "not what is spoken" in adapted.left_out["audio/talk-0002.flac"]
    assert {path.name for path in adapted.folder.iterdir()} >= {
        "adapter_config.json", "adapter_model.safetensors", "voices.safetensors", "finetune.json"
    }  # fmt: skip


def test_the_adapter_speaks_in_its_voice(adapted, model):
    base = vocable.load(model)
    tuned = with_adapter(base, adapted.folder)
    assert list(tuned.voices) == ["john", "anna", "Björn"] and list(base.voices) == [
        "anna",
        "Björn",
    ]
    assert tuned.voices["john"].language == "en"
    own = [each.detach().clone() for each in base.network.parameters()]
    assert all((a == b).all() for a, b in zip(own, base.network.parameters(), strict=True))
    assert not np.array_equal(tuned.say("One.", "anna").samples, base.say("One.", "anna").samples)


def test_what_was_merged_says_the_same(model, voice, adapted, tmp_path):
    merged = finetune(
        str(model), voice, tmp_path / "run", device="cpu",
        overrides=overrides(**{"tuning.merge": True}),
    )  # fmt: skip
    whole = vocable.load(merged.folder)
    parts = with_adapter(vocable.load(model), merged.folder / "adapter")
    assert list(whole.voices) == ["john"]
    np.testing.assert_allclose(
        whole.voices["john"].numbers, parts.voices["john"].numbers, atol=2e-2
    )
    for own, theirs in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
        np.testing.assert_allclose(own.detach(), theirs.detach(), atol=2e-3)


def test_all_of_it_may_learn(model, voice, tmp_path):
    done = finetune(
        str(model), voice, tmp_path / "run", preset="say-full", device="cpu", overrides=overrides()
    )
    assert done.method == "full" and done.share == 1.0
    assert min(done.bits.values()) < done.bits[0]
    assert list(vocable.load(done.folder).voices) == ["john"]


@pytest.mark.slow
def test_a_run_that_stopped_goes_on_exactly(model, voice, adapted, tmp_path, monkeypatch):
    after = Loop._after_step

    def stop_at_three(self):
        self._stop = self._stop or self.step == 3
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_three)
    tune = {"overrides": overrides(**SPOKEN), "device": "cpu"}
    with pytest.raises(Stopped):
        finetune(str(model), voice, tmp_path, **tune)
    monkeypatch.setattr(Loop, "_after_step", after)
    again = finetune(str(model), voice, tmp_path, resume=True, **tune)
    assert (again.bits, again.likeness) == (adapted.bits, adapted.likeness)


def test_what_is_told_before(model, voice):
    made = plan(str(model), voice, device="cpu")
    assert made.recipe.task == "finetune-say" and made.recipe.tuning.method == "lora"
    assert 0 < made.learning < made.weights and made.memory.total > 1e8
    assert plan(str(model), voice, preset="say-full", device="cpu").learning == made.weights


def test_a_frame_takes_the_memory_that_is_told():
    network, *_ = open_network("say-16k")
    symbols = np.zeros((60, 3), np.int64)
    row = Utterance("", "", "", "", symbols, np.full(60, 8), np.zeros((120, 8), np.int64))
    batch = batch_of([row], [row.codes[:75]])
    bytes_kept = kept(network, lambda: sum(losses(network, batch, Disturbance()).values()))
    assert 0.5 * FRAME < bytes_kept / 120 <= FRAME


def test_without_consent_nothing_is_copied(model, tmp_path):
    silent = write_set(tmp_path / "silent", consent="")
    with pytest.raises(RecipeError, match="consent"):
        plan(str(model), silent)


def test_an_adapter_of_another_model(adapted, tmp_path):
    other = write_sayer(tmp_path / "other", channels=8)
    with pytest.raises(ModelError, match="adapter of another model"):
        with_adapter(vocable.load(other), adapted.folder)


def test_the_commands_tune_and_speak(model, voice, tmp_path):
    sets = [item for each in overrides() for item in ("--set", each)]
    done = call("speak", "finetune", model, voice, "-o", tmp_path / "run", *sets)
    assert "john" not in done.stdout
    out = tmp_path / "one.wav"
    speak = "speak", "One, two.", "--model", model, "--adapter", tmp_path / "run", "-o", out
    (facts,) = results(*speak)
    tuned = with_adapter(vocable.load(model), tmp_path / "run")
    assert facts["seconds"] == tuned.say("One, two.", "john").seconds
