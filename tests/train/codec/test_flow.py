"""The recipe of a flow behind a codec's decoder: a run, what stays, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import vocable
from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.load import save_model
from vocable.testing.codec_examples import small_codec
from vocable.train.registry import read_recipe
from vocable.train.runner import run

SMALL = [
    "codec.config={flow_bands = 6, flow_channels = 8, flow_blocks = 1, steps = 2}",
    "data.batch=2",
    "data.segment=0.64",
    "precision=fp32",
    "schedule.seconds=0",
    "schedule.steps=4",
    "schedule.warmup=0",
    "checkpoints.evaluate_seconds=0",
    "checkpoints.evaluate_steps=4",
    "checkpoints.log_steps=1",
    "checkpoints.clips=1",
    "checkpoints.tensorboard=false",
]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    save_model(small_codec("channel-vocoder"), folder, name="small", facts={"licence": "CC0-1.0"})
    return folder


def test_a_run_leaves_a_decoder_of_the_same_tokens(
    start: Path, voices: Path, tmp_path: Path
) -> None:
    sets = [*SMALL, f"codec.start={start}"]
    run("flow-16k", voices, tmp_path / "new", overrides=sets, threads=1, device="cpu")
    old, new = vocable.load(start), vocable.load(tmp_path / "new")
    assert new.spec == old.spec and new.model.licence == "CC0-1.0"
    before, after = old.model.state_dict(), new.model.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    audio = Audio.read(voices.parent / "0.wav")
    tokens = old.encode(audio)
    assert new.encode(audio) == tokens and len(new.decode(tokens)) == len(audio)
    assert new.decode(tokens) != old.decode(tokens)
    lines = [json.loads(line) for line in (tmp_path / "new/log.jsonl").read_text().splitlines()]
    assert {key for line in lines for key in line.get("losses", ())} == {"flow", "commitment"}
    assert {"mel", "stoi"} <= {key for line in lines if line["kind"] == "held_out" for key in line}


def test_another_architecture_s_decoder_is_refused(
    start: Path, voices: Path, tmp_path: Path
) -> None:
    sets = [*SMALL, f"codec.start={start}", "codec.architecture=dac"]
    with pytest.raises(RecipeError, match='"dac" has no decoder for what small encodes; leave it'):
        run("flow-16k", voices, tmp_path / "new", overrides=sets, threads=1, device="cpu")
    with pytest.raises(RecipeError, match="does not compare output and input"):
        read_recipe("flow-16k", ["loss.codec.flow=0"])
