"""The small recipes of published families train at a size that takes a second, to a codec."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import vocable
from tests.train.codec.test_families import SMALL, sound, toml, train
from vocable.codecs.bigcodec import bigcodec_tiny
from vocable.codecs.nanocodec import nanocodec_tiny
from vocable.codecs.registry import outline
from vocable.codecs.ticodec import ticodec_tiny
from vocable.testing.tiny_configs import (
    moss_tiny,
    qwen3_tts_tiny,
    voxtral_tiny,
    wavtokenizer_tiny,
)
from vocable.train.registry import read_recipe

# what each is trained at, and the losses beside those of discriminators
FAMILIES: dict[str, tuple[Callable[[], Any], set[str]]] = {
    "nanocodec": (nanocodec_tiny, {"mel"}),
    "voxtral": (voxtral_tiny, {"spectral", "commitment"}),
    "bigcodec": (bigcodec_tiny, {"mel", "codebook", "commitment"}),
    "moss": (moss_tiny, {"mel", "codebook", "commitment"}),
    "qwen3-tts": (qwen3_tts_tiny, {"mel", "commitment"}),
    "ticodec": (ticodec_tiny, {"mel", "codebook", "commitment", "consistency"}),
    "wavtokenizer": (wavtokenizer_tiny, {"spectral", "commitment"}),
}
SLOW = pytest.mark.slow  # all but one, whose levels have no losses
EACH = [name if name == "nanocodec" else pytest.param(name, marks=SLOW) for name in FAMILIES]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_recipe_makes_a_codec_of_whole_frames(name: str) -> None:
    recipe = read_recipe(f"{name}-small")
    assert recipe.codec.architecture == name and recipe.codec.unit_variance
    assert recipe.schedule.seconds <= 600
    model = outline(name, recipe.codec.config)
    assert recipe.data.segment * model.spec.rate % model.spec.frame == 0
    assert sum(value.numel() for value in model.state_dict().values()) < 3e6


@pytest.mark.parametrize("name", EACH)
def test_a_run_leaves_a_codec_that_loads(name: str, voices: Path, tmp_path: Path) -> None:
    tiny, losses = FAMILIES[name]
    windows = {"windows": [64, 32], "band_windows": [64, 32], "residual_windows": [64]}
    of_base = asdict(read_recipe(f"{name}-small").adversarial)
    used = {key: value for key, value in windows.items() if of_base[key]}
    table = {
        **SMALL,
        "codec": {"config": asdict(tiny()), "licence": "CC0-1.0"},
        "data": {"batch": 2, "segment": 0.24},
        "adversarial": {**SMALL["adversarial"], **used},
        "schedule": {**SMALL["schedule"], "steps": 2, "seconds": 0},
    }
    lines = [f'base = "{name}-small"', *(f"{key} = {toml(value)}" for key, value in table.items())]
    (tmp_path / "tiny.toml").write_text("\n".join(lines))
    train(tmp_path / "tiny.toml", voices, tmp_path / "out")
    codec, audio = vocable.load(tmp_path / "out"), sound(voices)
    assert codec.model.config == tiny()
    assert codec.decode(codec.encode(audio)).samples.shape == audio.samples.shape
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    found = {key for line in log for key in line["losses"]}
    assert found == losses | {"adversarial", "feature", "discriminator"}
