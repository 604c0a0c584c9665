"""From a manifest to a model on disk: run, load, tokens, fine-tune, spaces kept and new."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import vocable
from vocable import testing
from vocable.cli.group import commands
from vocable.errors import ModelError, RecipeError, TokenError
from vocable.load import describe
from vocable.train.registry import recipe_from
from vocable.train.runner import export, run


@pytest.fixture(scope="module")
def trained(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of the toy recipe."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("runs") / "toy"
    run("toy", voices, out, overrides=["codec.licence=CC0-1.0"], threads=1, device="cpu")
    return out


def further(trained: Path, *freeze: str) -> Any:
    return recipe_from(
        {
            "name": "finer",
            "codec": {"start": str(trained), "freeze": list(freeze)},
            "data": {"batch": 2, "segment": 0.64},
            "schedule": {"steps": 4, "warmup": 1},
            "checkpoints": {
                "clips": 1,
                "tensorboard": False,
            },  # evaluated before the first step too
        }
    )


@pytest.mark.parametrize("name", ["default dtype bfloat16", "the meta device", "inference mode"])
def test_a_run_is_the_same_under_the_settings_of_a_host(
    name: str, voices: Path, tmp_path: Path
) -> None:
    how = {"overrides": ["schedule.steps=3", "schedule.warmup=1"], "threads": 1, "device": "cpu"}
    alone = run("toy", voices, tmp_path / "alone", **how)
    with testing.host_settings()[name]():
        among = run("toy", voices, tmp_path / "among", **how)
        exported = export(tmp_path / "among", tmp_path / "again")
    assert among.spec.space == alone.spec.space == exported  # a hash of the weights


def test_a_run_leaves_a_model_that_loads(trained: Path, voices: Path) -> None:
    codec = vocable.load(str(trained))
    assert codec.name == "toy" and codec.spec.space.startswith("toy@1:")
    tokens = codec.encode(str(voices.parent / "0.wav"))
    assert codec.decode(tokens).samples.shape == (1, 32_000)
    facts = json.loads((trained / "config.json").read_text())
    assert facts["licence"] == "CC0-1.0" and facts["training"]["steps"] == 20


def test_a_run_returns_the_codec_that_it_leaves(voices: Path, tmp_path: Path) -> None:
    found = run("toy", voices, tmp_path / "toy", overrides=["schedule.steps=2"], threads=1)
    loaded = vocable.load(str(tmp_path / "toy"))
    assert found.spec == loaded.spec
    tokens = found.encode(str(voices.parent / "0.wav"))
    assert loaded.encode(str(voices.parent / "0.wav")) == tokens
    assert loaded.decode(tokens) == found.decode(tokens)


def test_a_run_teaches_the_codec_its_pitch_contours(trained: Path, voices: Path) -> None:
    codec = vocable.load(str(trained))
    hertz = codec.pitch(codec.encode(str(voices.parent / "2.wav")))  # 180 to 260 Hz
    voiced = hertz[hertz > 0]
    assert len(voiced) > 0.8 * hertz.numel()
    assert 200 < float(voiced.median()) < 240 and float(voiced.max()) - float(voiced.min()) > 40


def test_a_run_logs_the_measures_of_its_held_out_clips(
    trained: Path, voices: Path, tmp_path: Path
) -> None:
    run(further(trained), voices, tmp_path / "finer", threads=1, device="cpu")
    log = map(json.loads, (tmp_path / "finer" / "log.jsonl").read_text().splitlines())
    found = [line for line in log if line["kind"] == "held_out"]
    assert len(found) == 2 and all({"mel", "level_db", "stoi"} <= line.keys() for line in found)


def test_a_folder_with_a_model_is_kept(trained: Path, voices: Path, tmp_path: Path) -> None:
    shutil.copy(trained / "model.safetensors", tmp_path)
    before = (tmp_path / "model.safetensors").read_bytes()
    with pytest.raises(RecipeError, match="holds a model; give another folder"):
        run("toy", voices, tmp_path, threads=1, device="cpu")
    how = ["train", "codec", "--recipe", "toy", "--data", str(voices), "-o", str(tmp_path)]
    done = CliRunner().invoke(commands, how)
    assert done.exit_code == 2
    assert done.stderr == f"error: {tmp_path} holds a model; name another folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert (tmp_path / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "override", ["codec.version=a b:c", "codec.version=1:2", "codec.name=my voice"]
)
def test_what_cannot_name_a_token_space_is_refused_before_the_run(
    override: str, voices: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        RecipeError, match="cannot name a token space: .* set codec.name or codec.version"
    ):
        run("toy", voices, tmp_path / "run", overrides=[override], device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_codec_that_keeps_its_space_may_have_any_name(
    trained: Path, voices: Path, tmp_path: Path
) -> None:
    recipe = replace(further(trained, "encoder", "quantizer"), name="my voice")
    kept = run(recipe, voices, tmp_path / "finer", threads=1, device="cpu")
    assert kept.spec.space == vocable.load(str(tmp_path / "finer")).spec.space


def test_a_checkpoint_exports_the_same_model(trained: Path, tmp_path: Path) -> None:
    assert export(trained, tmp_path / "again") == vocable.load(str(trained)).spec.space
    same = (trained / "model.safetensors", tmp_path / "again" / "model.safetensors")
    assert same[0].read_bytes() == same[1].read_bytes()


@pytest.mark.parametrize(
    ("freeze", "kept"), [((), False), (("encoder",), False), (("encoder", "quantizer"), True)]
)
def test_a_frozen_encoder_and_quantizer_keep_the_space(
    trained: Path, voices: Path, tmp_path: Path, freeze: tuple[str, ...], kept: bool
) -> None:
    old = vocable.load(str(trained))
    run(further(trained, *freeze), voices, tmp_path / "finer", threads=1, device="cpu")
    new = vocable.load(str(tmp_path / "finer"))
    assert (new.spec.space == old.spec.space) == kept
    assert new.name == ("toy" if kept else "finer")
    assert describe(tmp_path / "finer").licence == "CC0-1.0"
    tokens = old.encode(str(voices.parent / "0.wav"))
    if kept:
        decoded = [codec.decode(tokens).samples for codec in (old, new)]
        assert not np.array_equal(*decoded)  # the decoder did learn
    else:
        with pytest.raises(TokenError, match="this codec is finer"):
            new.decode(tokens)


def test_further_training_resumes(trained: Path, voices: Path, tmp_path: Path) -> None:
    recipe = further(trained)
    run(recipe, voices, tmp_path / "finer", threads=1, device="cpu")
    again = run(recipe, voices, tmp_path / "finer", resume=True, threads=1, device="cpu")
    first = vocable.load(str(tmp_path / "finer"))
    assert again.spec.space.partition(":")[0] != "" and first.name == "finer"


@pytest.mark.parametrize(
    ("sets", "error", "message"),
    [
        (["codec.architecture="], RecipeError, "neither start nor architecture; set one of them"),
        (["codec.start=dmel-16k"], RecipeError, '"speech" has no decoder for what dmel-16k enc'),
        (['codec.freeze=["head"]'], RecipeError, "codec.freeze has head; it knows encoder"),
        (["codec.architecture=speach"], ModelError, 'nearest: "speech"'),
        (["codec.config={latnet = 3}"], ModelError, 'nearest: "latent"'),
    ],
)
def test_a_codec_that_cannot_be_made(
    sets: list[str], error: type[Exception], message: str, voices: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run("toy", voices, tmp_path / "run", overrides=sets, device="cpu")


def test_a_run_logs_how_much_audio_it_has(
    trained: Path, voices: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="vocable"):
        run(further(trained), voices, tmp_path / "run", threads=1, device="cpu")
    assert "0.00 h to train on, 0.00 h held out" in caplog.text
