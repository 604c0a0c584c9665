"""Small SoundStorms with random weights, and tokens for them."""

from fractions import Fraction

import numpy as np
import torch

from vocable.language.config import TransformerConfig
from vocable.language.places import PlacesConfig
from vocable.language.soundstorm import (
    Condition,
    SoundStorm,
    SoundStormConfig,
    SoundStormGenerator,
)
from vocable.tokens import AudioTokens, Level, TokenSpec

SIZES = (8, 8, 12)
SPEC = TokenSpec("toy@1:0a", 16_000, 640, 1, tuple(map(Level, SIZES)), (1, 2, 3))
UNITS = TokenSpec("toy-units@1:0b", 16_000, 320, 1, (Level(10),), (1,))
RATE = Fraction(25)
PLACES = PlacesConfig((2, 3, 4), learned=5)


def trunk(**more):
    sizes = {"width": 16, "layers": 2, "heads": 2, "hidden": 24, "context": 64, "causal": False}
    return TransformerConfig(**{**sizes, **more})


def config(*, semantic=True, **more):
    said = Condition(UNITS.to_dict()) if semantic else None
    return SoundStormConfig(trunk(), SPEC.to_dict(), 3, semantic=said, **more)


def network(**more):
    """Weights far from what training starts with, so that every token moves every logit."""
    torch.manual_seed(0)
    made = SoundStorm(config(**more))
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(3 if made.places is None else 2)
    if made.places is not None:
        sizes = zip(SIZES, PLACES.widths, strict=True)
        made.place({"acoustic": [torch.randn(size, width) for size, width in sizes]})
    return made.eval()


def generator(**more):
    return SoundStormGenerator(network(**more), name="toy-storm@1")


def tokens(frames, seed=0, spec=SPEC):
    random = np.random.default_rng(seed)
    return AudioTokens(spec, [random.integers(0, level.size, (1, frames)) for level in spec.levels])


def said(frames, seed=0):
    """Units of so many frames of the codec."""
    return tokens(2 * frames, seed, UNITS)


def tracks(frames, seed=0):
    return {"acoustic": tokens(frames, seed), "semantic": said(frames, seed)}
