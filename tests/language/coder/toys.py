"""Small models that know what they want, and tokens as they like them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from vocable.language.coder import ModelCoder
from vocable.language.coder.steps import one_thread, walk
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.coder.odds import odds

EVEN = TokenSpec("even@1:0a", 16_000, 640, 1, (Level(300), Level(200)), (2,))
COARSE = TokenSpec("coarse@1:0a", 16_000, 640, 1, (Level(40, 2), Level(30, 1)), (2,))
KINDS = ("parallel", "delay", "depth", "acoustic_delay", "flatten")
FRAMES = 192  # of a chunk, at most


@functools.cache
def network(kind: str, spec: TokenSpec = EVEN, seed: int = 0) -> Any:
    """Return a model of untrained weights, large enough for some codes to be likelier."""
    trunk = TransformerConfig(width=16, layers=1, heads=2, hidden=24, context=2 * FRAMES)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if kind == "flatten":
            made: Any = Stage(StageConfig(trunk, Part("acoustic", spec.to_dict(), 2)))
        else:
            small = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=2)
            deep = small if kind in ("depth", "acoustic_delay") else None
            made = Frames(FramesConfig(trunk, spec.to_dict(), 2, kind, depth=deep))
        for name, weight in made.named_parameters():
            if "head" in name or name.startswith("table."):
                weight.data.normal_(std=0.6)
    return made.eval().requires_grad_(False)


@functools.cache
def coder(kind: str, spec: TokenSpec = EVEN, seed: int = 0) -> ModelCoder:
    return ModelCoder(network(kind, spec, seed), f"toy-{kind}@1")


def some(spec: TokenSpec, frames: int, streams: int = 1, seed: int = 0) -> AudioTokens:
    """Return random tokens, of which the first code of a level is the likeliest."""
    random = np.random.default_rng(seed)
    counts = [-(-frames // level.stride) for level in spec.levels]
    return AudioTokens(spec, tuple(
        np.minimum(random.geometric(0.3, (streams, count)) - 1, level.size - 1)
        for level, count in zip(spec.levels, counts, strict=True)
    ))  # fmt: skip


def liked(kind: str, frames: int, streams: int = 8) -> AudioTokens:
    """Return tokens that the model draws, a recording from its beginning."""
    made, random = network(kind), np.random.default_rng(1)
    blank = AudioTokens(EVEN, (np.zeros((1, frames), int),) * 2)
    score = made.score(blank, begins=True)

    def choose(some: np.ndarray, level: int, logits: np.ndarray) -> np.ndarray:
        return np.array([random.choice(logits.shape[1], p=each.frequencies / 2**20)
                         for each in odds(logits)])  # fmt: skip

    with one_thread():
        ids = np.stack(walk(made, [score] * streams, len(score) - 1, choose))
    asked = [score.levels == level for level in range(2)]
    return AudioTokens(EVEN, tuple(
        ids[:, where] - made.ids_of(level).start for level, where in enumerate(asked)
    ))  # fmt: skip
