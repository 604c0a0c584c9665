"""The network of a model that says texts, to be fine-tuned: read, and counted before that."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vocable.codecs import Codec
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.language.say import Say, SayConfig
from vocable.load import load_codec
from vocable.load.finding import locate
from vocable.load.say import read_network, says
from vocable.nn.lora import Place, linear_places
from vocable.nn.settings import without_memory
from vocable.speak.finetune.memory import LEARNING, SPARE, Memory
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.say.recipe import SayTuneRecipe
from vocable.speak.finetune.task import what_learns
from vocable.speak.finetune.trained import parts

FRAME = 300 << 10  # bytes that a step of say-16k keeps of a frame, logits of all levels among them


def is_own(name: str) -> bool:
    """Whether a model says texts; ModelError for what is not a model at all."""
    return says(locate(name))


def find_sayer(name: str) -> Description:
    """Return what a model says of itself; RecipeError for one that does not say texts."""
    where = locate(name)
    if not isinstance(where, Description) or not says(where):
        raise RecipeError(
            f"{name} does not say texts as say-16k does; name one that does, or take the preset "
            "of its family"
        )
    return where


def open_network(name: str) -> tuple[Say, Codec, Description]:
    """Return the network of a model, its codec, and what it says of itself."""
    description = find_sayer(name)
    codec = load_codec(description.space.partition(":")[0])
    return read_network(description, codec), codec, description


def say_places(network: Say) -> Sequence[Place]:
    """Return the layers that adapters may be for: every linear map."""
    return linear_places(network)


def needs(recipe: SayTuneRecipe, device: torch.device) -> Plan:
    """Return what a run will do, by a network that has no weights."""
    description = find_sayer(recipe.check_model())
    config = fit(SayConfig, description.config, "config", ModelError, "config.")
    with without_memory():
        network = Say(config).requires_grad_(False)
        weights = sum(weight.numel() for weight in network.parameters())
        learning = what_learns(network, say_places(network), recipe.tuning)
    learnt = tuple(parts(learning))
    frames = recipe.rows.batch * recipe.rows.longest * 100 / config.hops
    kept = sum(part.parameters for part in learnt) * LEARNING
    return Plan(recipe, learnt, weights, Memory(4 * weights, kept, round(frames * FRAME * SPARE)))
