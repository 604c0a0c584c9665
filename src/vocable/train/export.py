"""Turn a run into a model that `vocable.load` reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from vocable.codecs import CodecModel
from vocable.codecs.model import UNTRAINED
from vocable.errors import RecipeError, TokenError
from vocable.load import save_model
from vocable.train import checkpoint
from vocable.train.build import build
from vocable.train.recipe import Recipe, recipe_from


def export(run: str | Path, out: str | Path | None = None) -> str:
    """Write the averaged weights of a run's checkpoint as a model; return its token space.

    `out` is the model's folder, by default the run's own. Works on a run that still goes on.
    """
    state = checkpoint.load(Path(run))
    recipe = recipe_from(state["recipe"])
    codec = build(recipe)
    codec.load_state_dict(state["average"])
    return write(codec, recipe, Path(out or run), state["step"], state["seconds"])


def check_space(codec: CodecModel, recipe: Recipe) -> None:
    """Refuse, before a run, a name or version of which `write` could make no token space."""
    if not codec.space.endswith(UNTRAINED):
        return  # it keeps the space it has
    name, version = recipe.codec.name or recipe.name, recipe.codec.version
    try:
        replace(codec.spec, space=f"{name}@{version}:{'0' * 16}")
    except TokenError as error:
        raise RecipeError(
            f'codec.name "{name}" and codec.version "{version}" make no token space: letters, '
            "digits and . _ + - only; set codec.name or codec.version"
        ) from error


def write(codec: nn.Module, recipe: Recipe, folder: Path, step: int, seconds: float) -> str:
    """Write `codec` as the model that `recipe` makes; its space is born here unless carried."""
    assert isinstance(codec, CodecModel)
    facts: dict[str, Any] = {
        "training": {"recipe": recipe.name, "steps": step, "seconds": round(seconds)}
    }
    if recipe.codec.licence:
        facts["licence"] = recipe.codec.licence
    return save_model(
        codec,
        folder,
        name=recipe.codec.name or recipe.name,
        version=recipe.codec.version,
        facts=facts,
    )
