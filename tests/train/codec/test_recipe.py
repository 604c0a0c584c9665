"""A codec's recipe: what its tables refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from vocable.errors import RecipeError
from vocable.train.registry import read_recipe, recipe_from

SHORT = {"name": "x", "schedule": {"steps": 3}}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("precision=fp8", "precision is 'fp8'; wanted 'fp32' | 'bf16'"),
        ("data.batch=2.5", "data.batch is 2.5; wanted int"),
        ("augment.flip=1", "augment.flip is 1; wanted bool"),
        ("loss.mel_windows=[512]", "one number each"),
        ("augment.gain_db=[4, -12]", "augment.gain_db is [4.0, -12.0]; wanted the lower first"),
        ("augment.loudness_db=1e6", "augment.loudness_db is 1000000.0; wanted -100 to 0"),
        ("checkpoints.log_steps=0", "checkpoints.log_steps is 0; wanted 1 or more"),
        ("data.segment=1e-9", "data.segment is 1e-09 s; wanted 0.02 to 600"),
        ("data.prepare_seconds=0", "data.prepare_seconds is 0.0; wanted more than 0"),
        ("data.prepare_seconds=nan", "data.prepare_seconds is nan; wanted a finite number"),
        ("data.weights={a = nan}", "data.weights.a is nan; wanted a finite number"),
        ("data.weights={a = -1}", "data.weights is {'a': -1.0}; wanted shares of 0 or more"),
        ("loss.mel_windows=[3, 5, 7]", "loss.mel_windows is [3, 5, 7]; wanted 4 to 65536 samples"),
        ("loss.low_band_windows=[0]", "loss.low_band_windows is [0]; wanted 4"),
        ("loss={mel_windows = [], mel_bands = []}", "loss.mel_windows is empty; wanted one window"),
        ("loss.mel_bands=[80, 160, 0]", "loss.mel_bands is [80, 160, 0]; wanted at least 1"),
        ("loss.low_band_hz=-1", "loss.low_band_hz is -1.0; wanted above 0"),
        ("loss.floor=0", "loss.floor is 0.0; wanted above 0"),
        ("loss.time=-1", "loss weight time is -1.0; wanted 0 or more"),
        ("loss.codec.commitment=-1", "loss weight commitment is -1.0; wanted 0 or more"),
        (
            "loss.mel=0",
            "does not compare output and input, so that nothing is learnt; set loss.mel",
        ),
        ("adversarial.optimizer.betas=[0.5, 2]", "optimizer.betas is [0.5, 2.0]"),
        ("adversarial.scales=-1", "adversarial.scales is -1; wanted 0 to 8"),
        ("adversarial.scales=20", "adversarial.scales is 20; wanted 0 to 8"),
        ("adversarial.periods=[0]", "adversarial.periods is [0]; wanted 1 to 1000 samples"),
        ("adversarial.windows=[1]", "adversarial.windows is [1]; wanted 4 to 65536 samples"),
        ("adversarial.band_windows=[16]", "adversarial.band_windows is [16]; wanted 32 to 65536"),
        ("adversarial.residual_windows=[2]", "residual_windows is [2]; wanted 4 to 65536 samples"),
        ("adversarial.update=0", "adversarial.update is 0.0; wanted above 0, up to 1"),
        ("adversarial.rule=hing", "adversarial.rule is 'hing'; wanted 'hinge' | 'least_squares'"),
        ("loss.spectral_bands=0", "loss.spectral_bands is 0; wanted at least 1"),
        ("loss={spectral = 1.0, spectral_windows = []}", "loss.spectral_windows is empty; wanted"),
        ("adversarial.weight=-1", "adversarial.weight is -1.0 and feature 2.0; wanted 0 or more"),
        ("checkpoints.clip_seconds=0", "checkpoints.clip_seconds is 0.0; wanted at least 0.1"),
    ],
)
def test_bad_values_are_named(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "r"\n[schedule]\nsteps = 5\n')
    with pytest.raises(RecipeError) as error:
        read_recipe(path, [override])
    assert message in str(error.value)


def test_discriminators_alone_are_something_to_learn_from() -> None:
    only = {**SHORT, "loss": {"mel": 0}, "adversarial": {"scales": 1}}
    assert recipe_from(only).adversarial.enabled
    with pytest.raises(RecipeError, match="does not compare"):
        recipe_from({**only, "adversarial": {"scales": 1, "weight": 0, "feature": 0}})


def test_optional_values_may_be_set_or_absent() -> None:
    assert recipe_from(SHORT).augment.loudness_db is None
    given = recipe_from({**SHORT, "augment": {"loudness_db": -23}})
    assert given.augment.loudness_db == -23.0
    with pytest.raises(RecipeError, match="loudness_db"):
        recipe_from({**SHORT, "augment": {"loudness_db": "loud"}})
