"""Open the teacher that a recipe names, and say what its features are."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.errors import ModelError, RecipeError

if TYPE_CHECKING:
    import torch

    from vocable.train.codec.recipe import CodecRecipe, Distil
    from vocable.units.tokenizer import Encodes


def complete(recipe: CodecRecipe, data: Path) -> CodecRecipe:
    """Return a recipe that says how many channels its teacher's frames have.

    So what a run has made can be exported where the teacher is not.
    """
    table = recipe.distil
    if not table.teacher or table.width:
        return recipe
    width: int = open_teacher(table).channels(table.layer)
    return replace(recipe, distil=replace(table, width=width))


def open_teacher(table: Distil, device: torch.device | None = None) -> Any:
    """Return the encoder of a recipe; RecipeError for what gives no features, or no such layer."""
    from vocable.load import load_encoder

    try:
        found: Encodes = load_encoder(table.teacher, device)
    except (ModelError, OSError) as error:
        raise RecipeError(
            f'distil.teacher is "{table.teacher}"; wanted units-16k, mfcc, log-mel or an encoder '
            f"({error})"
        ) from error
    try:
        found.channels(table.layer)
    except ModelError as error:
        raise RecipeError(f"distil.layer: {error}") from error
    return found


def check_rate(table: Distil, teacher: Encodes, frames: Fraction) -> None:
    """Refuse a teacher whose rate and `frames` per second do not divide one another."""
    own = Fraction(teacher.rate, teacher.frame)
    if (own / frames).numerator > 1 and (own / frames).denominator > 1:
        raise RecipeError(
            f"distil.teacher: {table.teacher} has {float(own):g} frames a second, the codec "
            f"{float(frames):g}; wanted a whole multiple or part of that, change "
            "codec.config.strides"
        )
