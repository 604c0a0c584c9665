"""Make the codec that a recipe trains, and write what it has become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vocable.codecs import CodecModel, TokenizerModel
from vocable.codecs import build as build_model
from vocable.codecs.model import UNTRAINED
from vocable.errors import RecipeError, TokenError
from vocable.load import load_to_train, save_model
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.codec.redecode import with_decoder

PARTS = ("encoder", "quantizer", "decoder")


def build(recipe: CodecRecipe) -> CodecModel:
    """Return the codec that `recipe` trains, ready for its first step: a new one or an old one.

    An old one keeps its token space only if its encoder and quantizer are frozen.
    """
    table = recipe.codec
    if not (table.start or table.architecture):
        raise RecipeError("codec has neither start nor architecture; set one of them")
    if unknown := set(table.freeze) - set(PARTS):
        raise RecipeError(f"codec.freeze has {', '.join(unknown)}; it knows {', '.join(PARTS)}")
    model = _load(recipe) if table.start else build_model(table.architecture, table.config)
    if not isinstance(model, CodecModel):
        raise RecipeError(f"{model.name} encodes and does not decode; name a codec")
    _check_space(model, recipe)
    return model


def save(codec: CodecModel, recipe: CodecRecipe, folder: Path, facts: dict[str, Any]) -> str:
    """Write `codec` as a model that `vocable.load` reads; return its token space.

    A codec without a space gets one here.
    """
    more: dict[str, Any] = {"training": facts}
    if recipe.codec.licence:
        more["licence"] = recipe.codec.licence
    return save_model(codec, folder, name=_name(recipe), version=recipe.codec.version, facts=more)


def _load(recipe: CodecRecipe) -> TokenizerModel:
    """Return an old codec whose codebooks learn on, with another decoder if the recipe says so."""
    table = recipe.codec
    model = load_to_train(table.start)
    if table.config or table.architecture:
        model = with_decoder(model, table.architecture, table.config)
    if not {"encoder", "quantizer"} <= set(recipe.codec.freeze):
        model.forget_space()
    return model


def _check_space(codec: CodecModel, recipe: CodecRecipe) -> None:
    """Refuse, before a run, a name or version of which no token space can be made at its end."""
    if not codec.space.endswith(UNTRAINED):
        return  # it keeps the space it has
    name, version = _name(recipe), recipe.codec.version
    try:
        replace(codec.spec, space=f"{name}@{version}:{'0' * 16}")
    except TokenError as error:
        raise RecipeError(
            f'codec.name "{name}" and codec.version "{version}" cannot name a token space: wanted '
            "letters, digits and . _ + - only; set codec.name or codec.version"
        ) from error


def _name(recipe: CodecRecipe) -> str:
    return recipe.codec.name or recipe.name
