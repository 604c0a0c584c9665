"""Recipes: checked keys and values, overrides, the bundled ones."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from vocable.errors import RecipeError
from vocable.train.recipe import Recipe, bundled, read_recipe, recipe_from

SHORT = {"name": "x", "schedule": {"steps": 3}}


@pytest.mark.parametrize("name", bundled())
def test_bundled_recipes_read(name: str) -> None:
    assert isinstance(read_recipe(name), Recipe)


def test_a_recipe_survives_its_table() -> None:
    recipe = read_recipe("speech-16k")
    assert recipe_from(asdict(recipe)) == recipe


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.learning=1", "no key optimizer.learning; nearest: optimizer.lr"),
        ("optimizr.lr=1", "no key optimizr; nearest: optimizer "),
        ("optimizer.lr=fast", "optimizer.lr is 'fast'; wanted float"),
        ("optimizer.betas=[0.9]", "optimizer.betas is"),
        ("precision=fp8", "precision is 'fp8'; wanted 'fp32' | 'bf16'"),
        ("data.batch=2.5", "data.batch is 2.5; wanted int"),
        ("augment.flip=1", "augment.flip is 1; wanted bool"),
        ("schedule=5", "schedule is 5; wanted a table"),
        ("schedule.seconds=5", "needs steps or seconds"),
        ("loss.mel_windows=[512]", "one number each"),
        ("name.x=1", "name is a value, not a table"),
        ("no sign", 'reads "a.b=c"'),
    ],
)
def test_bad_values_are_named(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "r"\n[schedule]\nsteps = 5\n')
    with pytest.raises(RecipeError) as error:
        read_recipe(path, [override])
    assert message in str(error.value)


def test_overrides_replace_values() -> None:
    sets = ["optimizer.lr=1e-4", "codec.name=mine", "augment.gain_db=[-3, 3]", "loss.codec.x=2"]
    recipe = read_recipe("toy", sets)
    assert recipe.optimizer.lr == 1e-4
    assert recipe.codec.name == "mine"
    assert recipe.augment.gain_db == (-3.0, 3.0)
    assert recipe.loss.codec == {"x": 2.0}


def test_optional_values_may_be_set_or_absent() -> None:
    assert recipe_from(SHORT).augment.loudness_db is None
    given = recipe_from({**SHORT, "augment": {"loudness_db": -23}})
    assert given.augment.loudness_db == -23.0
    with pytest.raises(RecipeError, match="loudness_db"):
        recipe_from({**SHORT, "augment": {"loudness_db": "loud"}})


def test_a_missing_recipe_lists_the_bundled() -> None:
    with pytest.raises(FileNotFoundError, match="bundled: .*speech-16k"):
        read_recipe("speach")


def test_a_recipe_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("= = =")
    with pytest.raises(RecipeError, match="is no TOML"):
        read_recipe(tmp_path / "r.toml")


def test_a_recipe_needs_a_schedule() -> None:
    with pytest.raises(RecipeError, match="lacks schedule"):
        recipe_from({"name": "x"})
