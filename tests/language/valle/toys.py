"""Small models of VALL-E over a made-up codec of three levels, 25 frames/s."""

from __future__ import annotations

import numpy as np

from vocable.language.config import NoPositions, TransformerConfig
from vocable.language.lessons import Text
from vocable.language.valle.ar import ValleAR, ValleARConfig, ValleARGenerator
from vocable.language.valle.nar import ValleNAR, ValleNARConfig, ValleNARGenerator
from vocable.testing.block_examples import seeded
from vocable.tokens import AudioTokens, Level, TokenSpec

SIZES = (8, 6, 12)
SPEC = TokenSpec("toy@1:0a", 16000, 640, 1, tuple(Level(size) for size in SIZES), (1, 2, 3))
TEXT = Text("no", "en")  # symbols: ^ n ow .
SAID = Text("yes", "en")


def trunk(context: int = 96, **more) -> TransformerConfig:
    return TransformerConfig(
        width=16, layers=2, heads=2, hidden=24, context=context, positions=NoPositions(), **more
    )


def first(groups: int = 1, context: int = 96) -> ValleAR:
    """Return a first model with the same random weights each time."""
    config = ValleARConfig(trunk(context), SPEC.to_dict(), groups=groups)
    return seeded(lambda: ValleAR(config)).eval()


def second(context: int = 96) -> ValleNAR:
    """Return a second model with the same random weights each time, whose norms know the level."""
    config = ValleNARConfig(trunk(context, causal=False), SPEC.to_dict(), levels=3)
    made = seeded(lambda: ValleNAR(config)).eval()
    return seeded(lambda: _uneven(made))


def _uneven(made: ValleNAR) -> ValleNAR:
    for name, weight in made.named_parameters():
        if name.endswith("into.weight") and "norm" in name:
            weight.data.normal_(std=0.3)
    return made


def tokens(frames: int, seed: int = 0) -> AudioTokens:
    random = np.random.default_rng(seed)
    return AudioTokens(SPEC, [random.integers(0, size, (1, frames)) for size in SIZES])


def first_generator(groups: int = 1, context: int = 96) -> ValleARGenerator:
    return ValleARGenerator(first(groups, context), name="first@1")


def second_generator(context: int = 96) -> ValleNARGenerator:
    return ValleNARGenerator(second(context), name="second@1")
