"""Make the codec that a recipe starts from: a new one, or one that exists."""

from __future__ import annotations

from vocable.codecs import CodecModel, TokenizerModel
from vocable.codecs import build as build_codec
from vocable.errors import RecipeError
from vocable.load import load_to_train
from vocable.train.recipe import Recipe

PARTS = ("encoder", "quantizer", "decoder")


def build(recipe: Recipe) -> CodecModel:
    """Return the codec that `recipe` trains, ready for its first step.

    One that exists keeps its token space only if its encoder and quantizer are frozen.
    """
    plan = recipe.codec
    if bool(plan.start) == bool(plan.architecture):
        raise RecipeError(
            f'codec needs start or architecture, one of them; it has start = "{plan.start}", '
            f'architecture = "{plan.architecture}"'
        )
    if unknown := set(plan.freeze) - set(PARTS):
        raise RecipeError(f"codec.freeze has {', '.join(unknown)}; it knows {', '.join(PARTS)}")
    if not plan.start:
        return _codec(build_codec(plan.architecture, plan.config))
    if plan.config:
        raise RecipeError(f"codec.config cannot change what {plan.start} is; leave it out")
    return _further(recipe)


def _further(recipe: Recipe) -> CodecModel:
    """Return an existing codec; it keeps its space if encoder and quantizer are frozen."""
    codec = _codec(load_to_train(recipe.codec.start))
    if not {"encoder", "quantizer"} <= set(recipe.codec.freeze):
        codec.forget_space()
    return codec


def _codec(model: TokenizerModel) -> CodecModel:
    if not isinstance(model, CodecModel):
        raise RecipeError(f"{model.name} encodes and does not decode; name a codec")
    return model
