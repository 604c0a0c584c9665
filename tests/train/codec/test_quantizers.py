"""A recipe names the quantizer of its codec: each kind trains, saves, loads and decodes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import vocable
from tests.train.codec.test_families import recipe, sound, train
from vocable.codecs import build
from vocable.codecs.quantizer_config import QuantizerConfig
from vocable.errors import ModelError
from vocable.quantize import FSQ
from vocable.testing.tiny_configs import soundstream_tiny

TABLES: dict[str, dict[str, Any]] = {
    "fsq": {"steps": [5, 4, 3], "groups": 2, "bound": "symmetric"},
    "residual-fsq": {"steps": [5, 3], "levels": 3, "dropout": 0.5},
    "lfq": {"bits": 4},
    "bsq": {"bits": 3, "groups": 2},
    "residual-lfq": {"bits": 4, "levels": 2},
    "simvq": {"sizes": [16, 8]},
    "vq": {"size": 32},
    "entropy": {"sizes": [16, 8]},
    "ervq": {"sizes": [16, 8], "dropout": 0.5},
    "cross-scale": {"widths": [4], "groups": 2, "size": 8},
    "grouped": {"groups": 2, "sizes": [8, 4], "dropout": 0.5},
}


OWN = {
    **dict.fromkeys(("lfq", "bsq", "residual-lfq"), {"entropy": 0.1}),
    "simvq": {"codebook": 1.0},
    "entropy": {"codebook": 1.0, "entropy": 0.1},
    "ervq": {"codebook": 1.0, "balance": 0.1, "apart": 0.1},
}  # the losses that a recipe has to weight


def config(kind: str, **more: Any) -> dict[str, Any]:
    return asdict(soundstream_tiny()) | {"quantizer": {"kind": kind, **TABLES[kind], **more}}


def test_every_kind_is_here():
    assert set(TABLES) == set(QuantizerConfig.kinds)


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=() if k in ("fsq", "lfq") else pytest.mark.slow) for k in TABLES]
)
def test_a_recipe_trains_a_codec_with_it(kind: str, voices: Path, tmp_path: Path):
    own = OWN.get(kind, {})
    weights = [f"loss.codec.{name}={weight}" for name, weight in own.items()]
    path = recipe(tmp_path, "soundstream", codec={"config": config(kind)})
    train(path, voices, tmp_path / "run", "schedule.steps=3", *weights)
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    losses = {key for line in lines for key in line["losses"]}
    wanted = set() if "fsq" in kind else {"commitment", *own}
    assert losses & {"commitment", "entropy", "codebook", "balance", "apart"} == wanted
    assert min(lines[-1]["used"]) > 0 and lines[-1]["gradient"] > 0
    codec, audio = vocable.load(tmp_path / "run"), sound(voices)
    tokens = codec.encode(audio)
    assert tuple(level.size for level in tokens.spec.levels) == codec.model.quantizer.levels
    assert codec.decode(tokens).samples.shape == audio.samples.shape
    for levels in tokens.spec.prefixes:
        assert codec.encode(audio, levels=levels) == tokens.first(levels)


def test_what_the_table_says_is_what_is_made_and_named():
    made = [build("soundstream", config("fsq", bound=bound)) for bound in ("tan", "atanh")]
    assert isinstance(made[0].quantizer, FSQ) and made[0].spec.prefixes == (2,)
    made[1].load_state_dict(made[0].state_dict())
    spaces = [vocable.codecs.Codec(model.eval()).spec.space for model in made]
    assert spaces[0] != spaces[1], "no weight shows the bound, and codes depend on it"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"kind": "fqs", "steps": [5]}, 'config.quantizer.kind is "fqs"; nearest: "lfq"'),
        ({"kind": "fsq"}, "config lacks config.quantizer.steps"),
        (
            {"kind": "fsq", "step": [5]},
            'config has no key config.quantizer.step; nearest: "steps"',
        ),
        (
            {"kind": "fsq", "steps": [5, 1]},
            r"steps are \(5, 1\); give each number of a code 2 or more",
        ),
        ({"kind": "lfq", "bits": "4"}, "config.quantizer.bits is '4'; wanted int"),
        (
            {"kind": "grouped", "groups": 3, "sizes": [8]},
            "groups is 3 but the latent has 8 channels; give a number that divides them",
        ),
    ],
)
def test_a_table_that_makes_none(table: dict[str, Any], says: str):
    with pytest.raises(ModelError, match=says):
        build("soundstream", asdict(soundstream_tiny()) | {"quantizer": table})
