"""Make the codec that a recipe starts from: a new one, or one that exists."""

from __future__ import annotations

import math

from vocable.codecs import Codec
from vocable.codecs import build as build_codec
from vocable.errors import RecipeError
from vocable.load import load_to_train
from vocable.quantize import ResidualVQ
from vocable.train.recipe import Recipe

PARTS = ("encoder", "quantizer", "decoder")


def build(recipe: Recipe) -> Codec:
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
        return build_codec(plan.architecture, plan.config)
    if plan.config:
        raise RecipeError(f"codec.config cannot change what {plan.start} is; leave it out")
    return _further(recipe)


def _further(recipe: Recipe) -> Codec:
    """Return an existing codec, with statistics of its codebooks as if they had always been."""
    codec = load_to_train(recipe.codec.start)
    frames = math.ceil(recipe.data.segment * codec.spec.rate / codec.spec.frame)
    for part in codec.quantizer.modules():
        if isinstance(part, ResidualVQ):
            part.start_here(recipe.data.batch * frames)
    if not {"encoder", "quantizer"} <= set(recipe.codec.freeze):
        codec.forget()
    return codec
