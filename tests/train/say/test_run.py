"""A run over packed speech: it learns, says what it cannot use, and resumes exactly."""

import json

import pytest
import torch
from safetensors.torch import load_file

from tests.train.say.small import recipe, utterances, write
from vocable.errors import RecipeError, VocableError
from vocable.train import checkpoint, run
from vocable.train.loop import Loop, Stopped
from vocable.train.say.packed import pack


def test_it_learns_and_leaves_a_model(tmp_path):
    longer = recipe(
        schedule={"steps": 40, "warmup": 5},
        checkpoints={"log_steps": 10, "evaluate_steps": 20, "tensorboard": False},
    )
    lines = []
    run(longer, write(tmp_path), tmp_path / "run", progress=lines.append)
    held_out = [line["toy"] for line in lines if line["kind"] == "held_out"]
    assert set(held_out[0]) == {*(f"level{k}" for k in range(8)), "duration", "frame"}
    assert held_out[-1]["frame"] < held_out[0]["frame"] < 88 + 2
    stored = load_file(tmp_path / "run" / "model.safetensors")
    assert not [name for name in stored if "entries" in name]
    described = json.loads((tmp_path / "run" / "config.json").read_text())
    assert described["name"] == "small" and described["space"].startswith("speech-16k@")


def test_stopped_and_resumed_is_undisturbed(tmp_path, monkeypatch):
    data = write(tmp_path)
    run(recipe(), data, tmp_path / "whole")
    after = Loop._after_step

    def stop_at_five(self):
        self._stop = self._stop or self.step == 5
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_five)
    with pytest.raises(Stopped):
        run(recipe(), data, tmp_path / "parts")
    monkeypatch.setattr(Loop, "_after_step", after)
    run(recipe(), data, tmp_path / "parts", resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), name


def test_speech_of_another_codec_is_refused(tmp_path):
    path = tmp_path / "speech.npz"
    pack(utterances(), "other@1:0", 0.04).save(path)
    with pytest.raises(RecipeError, match="has tokens of other@1:0, say.codec is speech-16k@2"):
        run(recipe(), path, tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"say": {"codec": "sound-48k"}}, "sound-48k has no levels of pitch"),
        ({"say": {"config": {"chanels": 3}}}, "say.config has no key chanels"),
    ],
)
def test_recipes_that_cannot_be_run_are_refused(tmp_path, more, words):
    with pytest.raises(VocableError, match=words):
        run(recipe(**more), write(tmp_path), tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"speech": {"frames": 0}}, "speech.frames is 0"),
        ({"speech": {"share": 1.5}}, "speech.share is 1.5"),
        ({"past": {"lost": 2.0}}, "past.lost is 2.0"),
        ({"past": {"noise": -1.0}}, "past.noise is -1.0"),
    ],
)
def test_values_out_of_range_are_refused(more, words):
    with pytest.raises(RecipeError, match=words):
        recipe(**more)
