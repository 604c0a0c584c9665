"""A run from recordings to a tokenizer: it learns, resumes exactly, and what it leaves encodes."""

import numpy as np
import pytest
import torch

import vocable
from tests.load.toy_encoder import write_cpc
from tests.train.units.small import CONTRASTIVE, SMALL, recipe, write_manifest
from vocable.audio.manifest import read_manifest
from vocable.codecs import Tokenizer
from vocable.errors import RecipeError
from vocable.train import checkpoint, run
from vocable.train.loop import Stopped
from vocable.train.units import make_task
from vocable.train.units.labels import NONE, frame_count


def test_it_leaves_a_tokenizer(voices, tmp_path):
    lines = []
    made = run(recipe(), voices, tmp_path / "run", progress=lines.append)
    assert isinstance(made, Tokenizer)
    assert [line["iteration"] for line in lines if line["kind"] == "train"] == [0, 0, 1]
    loaded = vocable.load(tmp_path / "run")
    assert loaded.spec.space.startswith("small@1:")
    voice = read_manifest(voices)[0].read()
    tokens = loaded.encode(voice)
    assert tokens == made.encode(voice)
    assert tokens.codes.shape == (1, 1, frame_count(len(voice.resample(16_000))))
    assert len(set(tokens.codes.ravel())) > 1


@pytest.mark.parametrize("more", [{}, CONTRASTIVE], ids=["masked", "contrastive"])
def test_stopped_and_resumed_is_undisturbed(voices, tmp_path, monkeypatch, more):
    run(recipe(**more), voices, tmp_path / "whole")
    from vocable.train.loop import Loop

    after = Loop._after_step

    def stop_at_six(self):
        self._stop = self._stop or self.step == 6
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_six)
    with pytest.raises(Stopped):
        run(recipe(**more), voices, tmp_path / "parts")
    monkeypatch.setattr(Loop, "_after_step", after)
    run(recipe(**more), voices, tmp_path / "parts", resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), name


def write_tones(folder, stated):
    """Write recordings of two tones; of those whose index is stated, which they are as phones."""
    orders = [
        np.random.default_rng(k).permutation(["low", "low", "high", "high"]) for k in range(6)
    ]

    def sounds():
        for index, order in enumerate(orders):
            hertz = np.repeat(np.where(order == "low", 300.0, 2000.0), 8000)
            noise = np.random.default_rng(index).normal(0, 1e-3, 32_000)
            yield 0.2 * np.sin(2 * np.pi * np.cumsum(hertz) / 16_000) + noise

    phones = [
        [[k / 2, k / 2 + 0.5, str(p)] for k, p in enumerate(order)] if index in stated else None
        for index, order in enumerate(orders)
    ]
    return write_manifest(folder, sounds(), phones=phones), orders


TONES = {
    "schedule": {"steps": 60, "warmup": 5},
    "average": 0.5,
    "targets": {"teacher": "phones", "classes": 2},
    "again": {},
    "mask": {"share": 0.0, "seen": 1.0},
    "checkpoints": {"log_steps": 30, "evaluate_steps": 60, "tensorboard": False},
}


def test_stated_phones_are_learnt(tmp_path):
    """Two tones are two phones: what is told of held-out ones is right."""
    path, _ = write_tones(tmp_path, stated=range(6))
    lines = []
    run(recipe(**TONES), path, tmp_path / "run", progress=lines.append)
    (found,) = [line["seen_right"] for line in lines if line["kind"] == "held_out"]
    assert found > 0.9


def test_what_the_model_tells_fills_recordings_without_phones(tmp_path):
    """Stated phones stay; a recording without any gets the tones that it has."""
    path, orders = write_tones(tmp_path, stated={0, 1, 2, 5})
    run(recipe(**TONES | {"again": {"after": 0.8, "by": "told"}}), path, tmp_path / "run")
    classes = [np.load(tmp_path / "run" / f"train.classes{k}.npz") for k in (0, 1)]
    before, after = (each["values"].reshape(5, -1) for each in classes)
    known = before != NONE
    assert known[:3].mean() > 0.9 and not known[3:].any()
    assert (after[known] == before[known]).all()
    numbers = {"high": 0, "low": 1}
    for row, order in zip(after[3:], orders[3:], strict=False):
        wanted = np.repeat([numbers[str(tone)] for tone in order], 25)[: len(row)]
        assert (row == wanted).mean() > 0.8


def test_any_encoder_can_be_the_teacher(voices, tmp_path):
    """Its classes are those of its own units, which differ from those of another teacher."""
    asked = {"teacher": str(write_cpc(tmp_path)), "layer": 1, "classes": 6}
    lines = []
    run(recipe(targets=asked), voices, tmp_path / "run", progress=lines.append)
    assert lines[-1]["losses"]["hidden"] < lines[0]["losses"]["hidden"]
    with np.load(tmp_path / "run" / "train.classes0.npz") as stored:
        assert set(stored["values"]) - {NONE} == set(range(6)) and "layer" in str(stored["about"])


def test_classes_of_another_teacher_are_made_again(voices, tmp_path):
    """A run that was stopped before its first checkpoint leaves its classes in the folder."""
    short = {"schedule": {"steps": 1, "warmup": 0}, "again": {}}
    folder = tmp_path / "run"
    found = []
    for teacher in ("mfcc", "log-mel", "mfcc"):
        run(recipe(targets={"teacher": teacher, "classes": 6}, **short), voices, folder)
        with np.load(folder / "train.classes0.npz") as stored:
            found.append(stored["values"])
        for name in ("checkpoint.pt", "config.json", "model.safetensors"):
            (folder / name).unlink()
    assert (found[0] == found[2]).all() and not (found[0] == found[1]).all()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"targets": {"teacher": "oracle"}}, 'targets.teacher is "oracle"'),
        ({"targets": {"teacher": "phones"}}, "the manifest states 0 phones"),
        ({"targets": {"teacher": "speech-16k"}}, "speech-16k gives tokens, not features"),
        ({"targets": {"teacher": "mfcc", "layer": 2}}, "layer is 2 but mfcc has layer 0 only"),
        (
            {"targets": {"teacher": "mfcc", "classes": 3000}},
            "3000 centres need as many frames or",
        ),
        ({"units": {"config": {**SMALL, "units": 500}}}, "297 frames cannot make 500 units"),
    ],
)
def test_what_cannot_be_trained_is_refused(voices, tmp_path, more, words):
    with pytest.raises(RecipeError, match=words):
        run(recipe(**more), voices, tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"objective": "other"}, "objective is 'other'; wanted 'masked' | 'contrastive'"),
        ({"mask": {"share": 0.0}}, "nothing is learnt"),
        ({"mask": {"share": 2.0}}, "mask.share is 2.0"),
        ({"mask": {"bands": -1}}, "mask.bands is -1"),
        ({"mask": {"bands": 9}}, "mask.bands is 9 but the encoder hears 8 bands"),
        ({"schedule": {"seconds": 9.0}}, "again.after needs schedule.steps"),
        ({"again": {"after": 1.0}}, "again.after is 1.0"),
        ({"again": {"after": 0.5, "by": "hearsay"}}, "again.by is 'hearsay'; wanted 'clusters'"),
        ({"again": {"after": 0.5, "layer": 3}}, "again.layer is 3; wanted 1 to 2"),
        ({"targets": {"classes": 1}}, "targets.classes is 1"),
        ({"targets": {"classes": 100_000}}, "targets.classes is 100000"),
        ({"targets": {"layer": -1}}, "targets.layer is -1"),
        ({"targets": {}}, "targets.teacher is empty; name phones, mfcc, log-mel or an encoder"),
        ({**CONTRASTIVE, "targets": {"teacher": "mfcc"}}, "prediction has no teacher"),
        ({**CONTRASTIVE, "again": {"after": 0.5}}, "no second targets; leave out"),
        ({**CONTRASTIVE, "contrast": {"steps": 0}}, "contrast.steps is 0"),
        ({**CONTRASTIVE, "contrast": {"within": 0, "across": 0}}, "and not both 0"),
        ({**CONTRASTIVE, "contrast": {"across": -1}}, "contrast.across -1; wanted 0 or more"),
        (
            {**CONTRASTIVE, "data": {"segment": 0.1}},
            "of 0.1 s has 4 frames; wanted more than the 4",
        ),
        ({"targets": {"teacher": "phones"}, "augment": {"trim_db": 40.0}}, "augment.trim_db cuts"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(more, words):
    with pytest.raises(RecipeError, match=words):
        make_task(recipe(**more))
