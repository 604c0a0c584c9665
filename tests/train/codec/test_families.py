"""Every family trains by its recipe: run, resume, load, further with frozen parts, at another rate.

Each bundled recipe at its full size is the base of one at a size that takes a second.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vocable
from vocable.audio import Audio
from vocable.codecs.dac import dac_tiny
from vocable.codecs.snac import snac_tiny
from vocable.errors import RecipeError, TokenError
from vocable.load import load_to_train
from vocable.testing.tiny_configs import (
    encodec_tiny,
    encodec_tiny_stereo,
    mimi_tiny,
    soundstream_tiny,
)
from vocable.train import checkpoint
from vocable.train.registry import bundled, read_recipe
from vocable.train.runner import run


@dataclass(frozen=True)
class Family:
    """A recipe, the sizes to train it at, and the strides of a decoder that writes twice the rate.

    segment: seconds, whole tokens of all levels.
    """

    config: Callable[[], Any]
    twice: tuple[int, ...]
    segment: float = 0.256


FAMILIES = {
    "soundstream": Family(soundstream_tiny, (8, 2, 2)),
    "encodec": Family(encodec_tiny, (8, 2, 2)),
    "encodec-48khz": Family(encodec_tiny_stereo, (8, 2, 2), segment=0.02),
    "mimi": Family(mimi_tiny, (4, 2, 2)),
    "dac": Family(dac_tiny, (8, 2, 2)),
    "snac": Family(snac_tiny, (4, 3, 2), segment=0.288),
}
EACH = pytest.mark.parametrize("name", FAMILIES)
SMALL = {
    "loss": {"mel_windows": [64, 32], "mel_bands": [8, 4], "spectral_windows": [64, 32]},
    "adversarial": {"channels": 4},
    "schedule": {"steps": 4, "warmup": 0, "final": 1.0},
    "augment": {"min_rms": 0.0},
    "checkpoints": {"evaluate_seconds": 0, "log_steps": 1, "clips": 1, "tensorboard": False},
}


def toml(value: Any) -> str:
    """Return a value as TOML has it; tables inline."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{key} = {toml(item)}" for key, item in value.items() if item is not None)
        return "{ " + ", ".join(pairs) + " }"
    return json.dumps(value)


def recipe(folder: Path, name: str, **tables: Any) -> Path:
    """Write a recipe of a family at its tiny size; `tables` lie over it."""
    family = FAMILIES[name]
    windows = {"windows": [64, 32], "band_windows": [64, 32], "residual_windows": [64]}
    of_base = asdict(read_recipe(name).adversarial)
    used = {key: value for key, value in windows.items() if of_base[key]}
    table = {
        **SMALL,
        "codec": {"config": asdict(family.config())},
        "data": {"batch": 2, "segment": family.segment},
        "adversarial": {**SMALL["adversarial"], **used},
    }
    for key, value in tables.items():
        table[key] = {**table.get(key, {}), **value}
    path = folder / f"tiny-{name}.toml"
    lines = [f'base = "{name}"', *(f"{key} = {toml(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines))
    return path


def train(path: Path, data: Path, out: Path, *sets: str, resume: bool = False) -> Any:
    return run(path, data, out, overrides=sets, threads=1, device="cpu", resume=resume)


@pytest.fixture(scope="module")
def trained(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a finished run of a family, trained when it is asked for first."""
    torch.set_num_threads(1)
    folder, found = tmp_path_factory.mktemp("families"), {}

    def of(name: str) -> Path:
        if name not in found:
            train(recipe(folder, name), voices, folder / name, "codec.licence=CC0-1.0")
            found[name] = folder / name
        return found[name]

    return of


def sound(voices: Path) -> Audio:
    whole = Audio.read(voices.parent / "0.wav")
    return Audio(whole.samples[:, :8000], whole.rate)


@EACH
def test_a_run_leaves_a_codec_that_loads(
    name: str, trained: Callable[[str], Path], voices: Path
) -> None:
    codec = vocable.load(trained(name))
    audio = sound(voices)
    back = codec.decode(codec.encode(audio))
    assert back.samples.shape == audio.samples.shape
    lines = [json.loads(line) for line in (trained(name) / "log.jsonl").read_text().splitlines()]
    losses = {key for line in lines for key in line["losses"]}
    wanted = {"adversarial", "feature", "discriminator", "commitment"}
    if name in ("dac", "snac"):
        wanted |= {"mel", "codebook"}
    elif name != "mimi":
        wanted |= {"spectral"} | ({"time"} if name != "soundstream" else set())
    assert losses == wanted


# EnCodec and DAC in `test-all`: they learn as EnCodec with segments and as SNAC.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in ("encodec", "dac")))
        for name in FAMILIES
    ],
)
def test_a_run_resumes_to_the_last_bit(
    name: str, trained: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    path = recipe(tmp_path, name)
    train(path, voices, tmp_path / "run", "schedule.steps=2")
    train(path, voices, tmp_path / "run", resume=True)
    whole, resumed = (checkpoint.load(out) for out in (trained(name), tmp_path / "run"))
    assert resumed["step"] == 4
    for part in ("model", "average", "discriminator"):
        for key, value in whole[part].items():
            assert torch.equal(value, resumed[part][key]), (part, key)


def test_new_layers_begin_at_unit_variance_where_a_recipe_says_so(
    voices: Path, tmp_path: Path
) -> None:
    """Seen by the level of the first output, over the input's."""
    levels = []
    for value in ("true", "false"):
        sets = (f"codec.unit_variance={value}", "schedule.steps=1")
        train(recipe(tmp_path, "dac"), voices, tmp_path / value, *sets)
        line = (tmp_path / value / "log.jsonl").read_text().splitlines()[0]
        levels.append(json.loads(line)["level_db"])
    assert abs(levels[0]) < 3 < abs(levels[1])


def further(folder: Path, start: Path, **tables: Any) -> Path:
    """Write a recipe that trains the decoder of a trained codec."""
    codec = {"start": str(start), **tables.pop("codec", {})}
    table = {
        **SMALL,
        "codec": codec,
        "schedule": {"steps": 3, "seconds": 0.0, "warmup": 0},
        "loss": {"mel_windows": [64, 32], "mel_bands": [8, 4]},
        "data": {"batch": 2, "segment": 0.288, **tables.pop("data", {})},
        **tables,
    }
    del table["adversarial"]
    path = folder / "further.toml"
    lines = ['base = "decoder-only"', *(f"{key} = {toml(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines))
    return path


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return load_to_train(folder).state_dict()


@EACH
def test_another_decoder_keeps_the_tokens(
    name: str, trained: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    """Encoder and quantizer stay to the bit, the decoder does not, and each reads the other's."""
    old = vocable.load(trained(name))
    train(further(tmp_path, trained(name)), voices, tmp_path / "new")
    new = vocable.load(tmp_path / "new")
    assert new.spec == old.spec
    before, after = old.model.state_dict(), new.model.state_dict()
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert moved and all(key.startswith("decoder.") for key in moved)
    tokens = old.encode(sound(voices))
    assert new.encode(sound(voices)) == tokens
    assert new.decode(tokens) != old.decode(tokens)


@EACH
def test_a_decoder_at_twice_the_rate_keeps_the_tokens(
    name: str,
    trained: Callable[[str], Path],
    voices: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is encoded at 8 kHz decodes at 16 kHz, to the exact length, whole and as files."""
    old, audio = vocable.load(trained(name)), sound(voices)
    config = {"decoder_strides": list(FAMILIES[name].twice)}
    path = further(tmp_path, trained(name), codec={"config": config})
    with caplog.at_level(logging.INFO, logger="vocable"):
        train(path, voices, tmp_path / "new")
    (said,) = [text for text in caplog.messages if "begin untrained" in text]
    assert "decoder." in said and "\n" not in said
    new = vocable.load(tmp_path / "new")
    assert new.spec.space == old.spec.space and new.spec.writes == 2 * old.spec.writes == 16_000
    assert new.model.licence == old.model.licence == "CC0-1.0"
    before, after = old.model.state_dict(), new.model.state_dict()
    kept = [key for key in before if not key.startswith("decoder.")]
    assert all(torch.equal(before[key], after[key]) for key in kept)
    tokens = old.encode(audio)
    both = new.encode(audio)
    assert all(np.array_equal(a, b) for a, b in zip(tokens.stacks, both.stacks, strict=True))
    whole = new.decode(tokens, rate=16_000)
    assert (len(whole), whole.rate) == (8000, 16_000)  # of a recording at 16 kHz
    unit = tokens.spec.segment_frames if tokens.spec.segment else 4
    samples = new.spec.seconds(unit) * 16_000
    assert len(new.decode(tokens[:unit])) == samples
    assert len(old.decode(both)) == 8000
    tokens.save(tmp_path / "old.vcb")
    new.decode_to(tmp_path / "old.vcb", tmp_path / "new.wav")
    filed = Audio.read(tmp_path / "new.wav")
    np.testing.assert_allclose(filed.samples, whole.samples.clip(-1, 1), atol=1e-4)


@pytest.mark.parametrize("freeze", [(), ("encoder",)])
def test_what_is_not_frozen_makes_a_space_of_its_own(
    freeze: tuple[str, ...], trained: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    path = further(tmp_path, trained("dac"), codec={"freeze": list(freeze)})
    train(path, voices, tmp_path / "new")
    old, new = vocable.load(trained("dac")), vocable.load(tmp_path / "new")
    assert new.spec.space != old.spec.space
    with pytest.raises(TokenError, match="this codec is further"):
        new.decode(old.encode(sound(voices)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"strides": [4, 4]}, "makes encoder.blocks.* another tensor than tiny-encodec has"),
        ({"sizes": [16, 16]}, "makes quantizer.* another tensor than tiny-encodec has"),
        (
            {"dilations": [2], "fill": False},
            "changes dilations, fill, on which codes of tiny-encodec depend",
        ),
        ({"rate": 16_000}, "makes other tokens than tiny-encodec has"),
        ({"prefixes": [2, 4]}, "makes other tokens than tiny-encodec has"),
    ],
)
def test_with_a_start_a_config_changes_the_decoder_only(
    config: dict[str, Any],
    message: str,
    trained: Callable[[str], Path],
    voices: Path,
    tmp_path: Path,
) -> None:
    path = further(tmp_path, trained("encodec"), codec={"config": config})
    with pytest.raises(RecipeError, match=f"codec.config {message}"):
        train(path, voices, tmp_path / "new")


def test_what_only_training_needs_may_change(
    trained: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    """Here how many items use fewer levels."""
    path = further(tmp_path, trained("dac"), codec={"config": {"dropout": 0.0}})
    train(path, voices, tmp_path / "new")
    new = vocable.load(tmp_path / "new")
    assert new.spec == vocable.load(trained("dac")).spec and new.model.config.dropout == 0


def test_every_small_recipe_is_its_family_at_another_size() -> None:
    """It runs on the clock, and within ten minutes. Others have none: test_small_recipes.py."""
    small = [name for name in bundled() if name.removesuffix("-small") in {*bundled()} - {name}]
    assert {name.removesuffix("-small") for name in small} == FAMILIES.keys() - {"encodec-48khz"}
    for name in small:
        recipe, full = read_recipe(name), read_recipe(name.removesuffix("-small"))
        assert recipe.name == name and recipe.codec.architecture == full.codec.architecture
        assert recipe.schedule.seconds <= 600 and full.schedule.steps >= 100_000
        assert recipe.adversarial.rule == full.adversarial.rule
        assert recipe.codec.unit_variance and not full.codec.unit_variance
