"""A run from recordings to a tokenizer: it learns, resumes exactly, and what it leaves encodes."""

import json

import numpy as np
import pytest
import torch

import vocable
from vocable.codecs import Tokenizer
from vocable.errors import RecipeError
from vocable.train import checkpoint, run
from vocable.train.loop import Stopped
from vocable.train.registry import recipe_from

SMALL = {
    "bands": 8, "ahead": 1, "channels": 16, "layers": 1, "heads": 2, "context": 10,
    "kernel": 3, "units": 8,
}  # fmt: skip


def recipe(**more):
    table = {
        "name": "small",
        "task": "units",
        "schedule": {"steps": 8, "warmup": 2},
        "optimizer": {"lr": 3e-3},
        "units": {"config": SMALL, "deeper": 1},
        "targets": {"classes": 6},
        "again": {"after": 0.5, "layer": 1, "classes": 5},
        "data": {"batch": 4, "segment": 1.0},
        "augment": {"speed": [0.9, 1.1], "flip": False},
        "checkpoints": {"log_steps": 4, "evaluate_seconds": 0, "tensorboard": False},
    }
    return recipe_from(table | more)


def test_it_leaves_a_tokenizer(voices, tmp_path):
    lines = []
    made = run(recipe(), voices, tmp_path / "run", progress=lines.append)
    assert isinstance(made, Tokenizer)
    assert [line["iteration"] for line in lines if line["kind"] == "train"] == [0, 0, 1]
    loaded = vocable.load(tmp_path / "run")
    assert loaded.spec.space.startswith("small@1:")
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    tokens = loaded.encode(samples, rate=16_000)
    assert tokens == made.encode(samples, rate=16_000)
    assert tokens.codes.shape == (1, 1, 49) and len(set(tokens.codes.ravel())) > 1


def test_stopped_and_resumed_is_undisturbed(voices, tmp_path, monkeypatch):
    run(recipe(), voices, tmp_path / "whole")
    from vocable.train.loop import Loop

    after = Loop._after_step

    def stop_at_six(self):
        self._stop = self._stop or self.step == 6
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_six)
    with pytest.raises(Stopped):
        run(recipe(), voices, tmp_path / "parts")
    monkeypatch.setattr(Loop, "_after_step", after)
    run(recipe(), voices, tmp_path / "parts", resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), name


def test_stated_phones_are_learnt(tmp_path):
    """Two tones are two phones: what is told of held-out ones is right."""
    import soundfile

    rows = []
    for index in range(6):
        random = np.random.default_rng(index)
        hertz = np.repeat(random.permutation([300.0, 300.0, 2000.0, 2000.0]), 8000)
        tone = 0.2 * np.sin(2 * np.pi * np.cumsum(hertz) / 16_000)
        soundfile.write(tmp_path / f"{index}.wav", tone + random.normal(0, 1e-3, 32_000), 16_000)
        phones = [
            [k / 2, k / 2 + 0.5, "low" if hertz[8000 * k] < 1000 else "high"] for k in range(4)
        ]
        split = "valid" if index == 5 else "train"
        rows.append({"path": f"{index}.wav", "phones": phones, "split": split})
    path = tmp_path / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    lines = []
    asked = recipe(
        schedule={"steps": 60, "warmup": 5},
        average=0.5,
        targets={"teacher": "phones", "classes": 2},
        again={},
        mask={"share": 0.0, "seen": 1.0},
        checkpoints={"log_steps": 30, "evaluate_steps": 60, "tensorboard": False},
    )
    run(asked, path, tmp_path / "run", progress=lines.append)
    (found,) = [line["seen_right"] for line in lines if line["kind"] == "held_out"]
    assert found > 0.9


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"targets": {"teacher": "oracle"}}, 'targets.teacher is "oracle"'),
        ({"targets": {"teacher": "phones"}}, "the manifest states 0 phones"),
        ({"targets": {"classes": 100_000}}, "frames cannot make 100000 clusters"),
    ],
)
def test_what_cannot_be_trained_is_refused(voices, tmp_path, more, words):
    with pytest.raises(RecipeError, match=words):
        run(recipe(**more), voices, tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mask": {"share": 0.0}}, "nothing is learnt"),
        ({"mask": {"share": 2.0}}, "mask.share is 2.0"),
        ({"schedule": {"seconds": 9.0}}, "again.after needs schedule.steps"),
        ({"again": {"after": 1.0}}, "again.after is 1.0"),
        ({"targets": {"classes": 1}}, "targets.classes is 1"),
        ({"targets": {"teacher": "phones"}, "augment": {"trim_db": 40.0}}, "augment.trim_db cuts"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(more, words):
    with pytest.raises(RecipeError, match=words):
        recipe(**more)
