"""A run over single speakers: it learns to part them, says what it lacks, and resumes exactly."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import vocable
from tests.train.separation.small import CONFIG, RATE, recipe, write
from vocable.errors import RecipeError
from vocable.separation import Separator
from vocable.train import checkpoint, read_recipe, run
from vocable.train.data.recordings import decode_once
from vocable.train.data.tables import Augment
from vocable.train.loop import Loop, Stopped
from vocable.train.separation.mixtures import Mixtures
from vocable.train.separation.recipe import MixtureTable


def test_it_learns_and_leaves_a_separator(tmp_path):
    lines = []
    longer = recipe(
        schedule={"steps": 60, "warmup": 5},
        checkpoints={"log_steps": 20, "evaluate_steps": 20, "tensorboard": False},
        average=0.9,
    )
    made = run(longer, write(tmp_path), tmp_path / "run", progress=lines.append)
    scores = [line["si_sdr_improvement"] for line in lines if line["kind"] == "held_out"]
    assert scores[-1] > scores[0] and scores[-1] > 1
    losses = [line["losses"]["si_sdr"] for line in lines if line["kind"] == "train"]
    assert losses[-1] < losses[0]

    loaded = vocable.load(tmp_path / "run")
    assert isinstance(loaded, Separator) and loaded.name == "small@1"
    sound = 0.1 * np.random.default_rng(0).standard_normal((1, 4000)).astype(np.float32)
    for one, other in zip(
        made.separate(sound, rate=RATE), loaded.separate(sound, rate=RATE), strict=True
    ):
        np.testing.assert_allclose(one.samples, other.samples, atol=1e-6)
    facts = json.loads((tmp_path / "run" / "config.json").read_text())
    assert facts["training"]["steps"] == 60 and facts["config"]["filters"] == CONFIG["filters"]
    with pytest.raises(vocable.ModelError, match="small parts speakers; take a codec for this"):
        vocable.load_tokenizer(tmp_path / "run")


def test_stopped_and_resumed_is_undisturbed(tmp_path, monkeypatch):
    data = write(tmp_path)
    drawing = recipe(augment={"speed": [0.9, 1.1], "equalizer_db": 2.0})
    run(drawing, data, tmp_path / "whole")
    after = Loop._after_step

    def stop_at_five(self):
        self._stop = self._stop or self.step == 5
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_five)
    with pytest.raises(Stopped):
        run(drawing, data, tmp_path / "parts")
    monkeypatch.setattr(Loop, "_after_step", after)
    run(drawing, data, tmp_path / "parts", resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), name


def mixtures(folder, **how) -> Mixtures:
    clips = vocable.train.read_manifest(write(folder))
    recordings = decode_once(clips, RATE, Augment(), folder / "all.int16")
    table = MixtureTable(apart_db=how.pop("apart_db", 5.0))
    made = {"batch": 64, "speakers": 2, "segment": 2000, "seed": 3, **how}
    return Mixtures(recordings, Augment(), table, **made)


def powers(sources: torch.Tensor) -> torch.Tensor:
    """Return the mean square of each source where it has sound."""
    return sources.square().sum(-1) / sources.ne(0).sum(-1)


def test_mixtures_are_of_two_speakers_a_few_decibels_apart(tmp_path):
    drawn = mixtures(tmp_path).draw()
    assert drawn.shape == (64, 2, 2000)
    apart = 10 * (powers(drawn)[:, 0] / powers(drawn)[:, 1]).log10().abs()
    assert 3 < float(apart.max()) <= 5.001
    level = 10 * powers(drawn.sum(1)).log10()
    assert -35.001 <= float(level.min()) < -30 and -22 < float(level.max()) <= -16.999
    spectra = torch.fft.rfft(drawn).abs().argmax(-1)  # each speaker hums at a pitch of its own
    assert bool((spectra[:, 0] - spectra[:, 1]).abs().ge(5).all())
    assert drawn.ne(0).float().mean(-1).min() < 0.9  # a short recording, somewhere in it


def test_the_same_seed_draws_the_same_and_a_state_goes_on(tmp_path):
    one, other = mixtures(tmp_path), mixtures(tmp_path)
    assert torch.equal(one.draw(), other.draw())
    state = json.loads(json.dumps(one.state()))
    wanted = one.draw()
    other.restore(state)
    assert torch.equal(other.draw(), wanted)
    assert not torch.equal(one.draw(), wanted)


def test_speakers_that_are_left_out_are_not_drawn(tmp_path):
    assert mixtures(tmp_path, without=["s1", "s4"]).names == ["s0", "s2", "s3", "s5"]


def test_a_manifest_without_speakers_is_refused(tmp_path):
    manifest = write(tmp_path)
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        del row["speaker"]
    manifest.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(RecipeError, match='0 speakers of their own.* give each row .* "speaker"'):
        run(recipe(), manifest, tmp_path / "run")


def test_without_other_speakers_nothing_is_evaluated(tmp_path, caplog):
    manifest = write(tmp_path)
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        row["split"] = "valid" if row["path"].endswith("1.wav") else "train"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    lines = []
    short = recipe(
        schedule={"steps": 2, "warmup": 1},
        checkpoints={"log_steps": 1, "evaluate_steps": 1, "tensorboard": False},
    )
    run(short, manifest, tmp_path / "run", progress=lines.append)
    assert "nothing is evaluated: of those held out" in caplog.text
    assert {line["kind"] for line in lines} == {"train"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"separation": {"config": {"filtres": 3}}}, "separation.config.filtres; .*filters"),
        ({"mixtures": {"apart_db": -1.0}}, "mixtures.apart_db is -1.0; wanted 0 or more"),
        ({"mixtures": {"held_out": 0}}, "mixtures.held_out is 0"),
        ({"mixtures": {"loudness_db": [-3.0, -9.0]}}, "the lower first"),
    ],
)
def test_recipes_that_cannot_be_run_are_refused(tmp_path, more, words):
    with pytest.raises(RecipeError, match=words):
        run(recipe(**more), write(tmp_path), tmp_path / "run")


@pytest.mark.parametrize("name", ["separation-16k", "separation-16k-causal"])
def test_bundled_recipes_make_a_network_within_bounds(name):
    from vocable.train.registry import find_task

    with torch.random.fork_rng(devices=[]):
        model = find_task("separation").make_task(read_recipe(name)).model
    assert sum(weight.numel() for weight in model.parameters()) <= 1.5e6
    assert model.config.causal == name.endswith("causal")
