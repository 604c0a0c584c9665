"""Recipes: checked keys and values, overrides, the bundled ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from vocable.errors import RecipeError
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.recipe import changes
from vocable.train.registry import bundled, find_task, read_recipe, recipe_from

SHORT = {"name": "x", "schedule": {"steps": 3}}


@pytest.mark.parametrize("name", bundled())
def test_bundled_recipes_read(name: str) -> None:
    recipe = read_recipe(name)
    assert isinstance(recipe, find_task(recipe.task).recipe_class)


def test_a_recipe_survives_its_table() -> None:
    recipe = read_recipe("speech-16k")
    assert recipe_from(asdict(recipe)) == recipe


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "optimizer.learning=1",
            "no key optimizer.learning; known: kind, lr, clip, acc",
        ),
        ("optimizr.lr=1", 'no key optimizr; nearest: "optimizer"'),
        ("optimizer.lr=fast", "optimizer.lr is 'fast'; wanted float"),
        ("optimizer.betas=[0.9]", "optimizer.betas is"),
        ("schedule=5", "schedule is 5; wanted a table"),
        ("schedule.seconds=5", "needs steps or seconds"),
        ("seed=-1", "seed is -1; wanted 0 or more"),
        ("average=nan", "average is nan; wanted a finite number"),
        ("average=1.0", "average is 1.0; wanted 0 or more and below 1"),
        ("optimizer.betas=[1.0, 1.0]", "optimizer.betas is [1.0, 1.0]; wanted 0 or more and below"),
        ("optimizer.weight_decay=-1", "optimizer.weight_decay is -1.0; wanted 0 or more"),
        ("optimizer.lr=inf", "optimizer.lr is inf; wanted a finite number"),
        ("schedule={steps = -1, seconds = 5}", "steps = -1, seconds = 5.0, warmup = 100; wanted"),
        ("checkpoints.every_steps=-5", "checkpoints.every_steps is -5; wanted 0 or more"),
        ("name.x=1", "name is a value, not a table"),
        ("no sign", 'reads "a.b=c"'),
        ("task=codek", 'no task named "codek"; nearest: "codec"'),
    ],
)
def test_bad_values_are_named(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "r"\n[schedule]\nsteps = 5\n')
    with pytest.raises(RecipeError) as error:
        read_recipe(path, [override])
    assert message in str(error.value)


def test_a_recipe_made_in_python_is_checked_too() -> None:
    with pytest.raises(RecipeError, match="average is nan"):
        replace(recipe_from(SHORT), average=float("nan"))


def test_overrides_replace_values() -> None:
    sets = ["optimizer.lr=1e-4", "codec.name=mine", "augment.gain_db=[-3, 3]", "loss.codec.x=2"]
    recipe = read_recipe("toy", sets)
    assert recipe.optimizer.lr == 1e-4
    assert recipe.codec.name == "mine"
    assert recipe.augment.gain_db == (-3.0, 3.0)
    assert recipe.loss.codec == {"x": 2.0}


def test_a_missing_recipe_lists_the_bundled() -> None:
    with pytest.raises(FileNotFoundError, match="bundled: .*speech-16k"):
        read_recipe("speach")


def test_a_recipe_lies_over_its_base(tmp_path: Path) -> None:
    """Tables in tables too; the name is its own; a base may have a base, seen from its folder."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "first.toml").write_text('name = "first"\nbase = "toy"\nseed = 3')
    (tmp_path / "second.toml").write_text(
        'base = "below/first.toml"\ncodec = { config = { latent = 8 } }\n[data]\nbatch = 9'
    )
    found, toy = read_recipe(tmp_path / "second.toml", ["average=0.5"]), read_recipe("toy")
    assert (found.name, found.seed, found.average) == ("second", 3, 0.5)
    assert found.data == replace(toy.data, batch=9)
    assert found.codec.config == {**toy.codec.config, "latent": 8}
    assert found.schedule == toy.schedule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "a.toml"', "a.toml is in the end its own base; take another base"),
        ('base = "b.toml"', "b.toml is in the end its own base; take another base"),
        ("base = 3", "a.toml: base is 3; wanted the name of a recipe"),
    ],
)
def test_a_base_that_cannot_be_one(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text('base = "a.toml"')
    with pytest.raises(RecipeError) as error:
        read_recipe(tmp_path / "a.toml")
    assert message in str(error.value)


def test_a_base_that_is_not_there_lists_the_bundled(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('base = "speach"')
    with pytest.raises(FileNotFoundError, match='no recipe "speach"; bundled: .*speech-16k'):
        read_recipe(tmp_path / "a.toml")


def test_a_recipe_that_is_not_toml(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("= = =")
    with pytest.raises(RecipeError, match="is not TOML"):
        read_recipe(tmp_path / "r.toml")


def test_a_recipe_needs_a_schedule() -> None:
    with pytest.raises(RecipeError, match="lacks schedule"):
        recipe_from({"name": "x"})


def test_a_recipe_without_a_task_is_for_a_codec() -> None:
    assert recipe_from(SHORT) == recipe_from({**SHORT, "task": "codec"})
    assert isinstance(recipe_from(SHORT), CodecRecipe)


def test_changes_name_what_differs_and_only_that() -> None:
    old, new = (asdict(read_recipe("toy", sets)) for sets in ([], ["optimizer.lr=0.5", "seed=3"]))
    assert changes(old, old) == []
    assert changes(old, new) == ["optimizer.lr: 0.001 -> 0.5", "seed: 0 -> 3"]


def test_a_byte_order_mark_is_not_part_of_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("\ufeff[schedule]\nsteps = 3\n", encoding="utf-8")
    assert read_recipe(tmp_path / "mine.toml").schedule.steps == 3


def test_a_path_does_not_become_another_file(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("[schedule]\nsteps = 3\n")
    (tmp_path / "mine.toml").write_text("[schedule]\nsteps = 5\n")
    assert read_recipe(tmp_path / "mine").schedule.steps == 3
