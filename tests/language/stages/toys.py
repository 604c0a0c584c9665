"""Small stages over units and a codec's levels, and tokens for them."""

from __future__ import annotations

import numpy as np
import torch

from vocable.language.config import TransformerConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.tokens import AudioTokens, Level, TokenSpec

UNITS = TokenSpec("units@1:0a", 16_000, 320, 1, (Level(5, role="semantic"),), (1,))
CODEC = TokenSpec(
    "toy@1:0a", 16_000, 640, 1, (Level(8), Level(6), Level(12), Level(9)), (1, 2, 3, 4)
)
LIKE = TokenSpec("like@1:0a", 16_000, 160_000, 1, (Level(4, role="condition"),) * 3, (3,))
SNAC = TokenSpec("snac@1:0a", 16_000, 320, 1, (Level(4, 4), Level(5, 2), Level(6)), (3,))
TRUNK = TransformerConfig(width=16, layers=2, heads=2, hidden=24, context=200)

_SAID = Part("semantic", UNITS.to_dict(), 1, dedup=True)
_COARSE = Part("acoustic", CODEC.to_dict(), 2)
_LIKE = Part("condition", LIKE.to_dict(), 3)
CONFIGS = {
    "semantic": StageConfig(TRUNK, _SAID),
    "coarse": StageConfig(TRUNK, _COARSE, (_SAID,)),
    "semantic, told": StageConfig(TRUNK, _SAID, (_LIKE,)),
    "coarse, told": StageConfig(TRUNK, _COARSE, (_LIKE, _SAID)),
    "fine": StageConfig(TRUNK, Part("acoustic", CODEC.to_dict(), 4, first=2), (_COARSE,)),
    "flatten": StageConfig(TRUNK, Part("acoustic", CODEC.to_dict(), 4)),
    "snac": StageConfig(TRUNK, Part("acoustic", SNAC.to_dict(), 3)),
    "narrow": StageConfig(TRUNK, _COARSE, (_SAID,), embedding=6),
    "placed": StageConfig(TRUNK, _COARSE, (_LIKE, _SAID), embedding=6, places=((), (2,), (3, 4))),
}


def network(name: str) -> Stage:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = Stage(CONFIGS[name]).eval().requires_grad_(False)
        made.table.weight.mul_(4)  # a head that has decided
        if name == "placed":
            levels = [torch.randn(size, axes) for size, axes in ((8, 3), (6, 4), (12, 2))]
            made.place({"semantic": [torch.randn(5, 2)], "acoustic": levels})
    return made


def some_tracks(frames: int, seed: int = 0, name: str = "flatten") -> dict[str, AudioTokens]:
    """Return tracks of so many frames of the codec, twice as many of units, and a condition."""
    random = np.random.default_rng(seed)
    codec = SNAC if name == "snac" else CODEC
    stacks = [
        random.integers(0, level.size, (1, -(-frames // level.stride))) for level in codec.levels
    ]
    units = np.repeat(random.integers(0, 5, frames), 2)[None]
    return {
        "semantic": AudioTokens(UNITS, [units]),
        "acoustic": AudioTokens(codec, stacks),
        "condition": like(seed % 4),
    }


def like(*codes: int) -> AudioTokens:
    """Return a condition of three tokens, 0 where nothing is given."""
    return AudioTokens(LIKE, [[[code]] for code in (*codes, 0, 0, 0)[:3]])


def stepped(made: Stage, ids: np.ndarray) -> torch.Tensor:
    """Return the logits that follow each id, `[time, ids]`, step by step."""
    from vocable.language.cache import Cache

    cache, found = Cache(made.trunk.config, 1), []

    def kept(row: int, logits: torch.Tensor) -> torch.Tensor:
        found.append(logits[0])
        return torch.zeros(1, dtype=torch.int64)

    for id in ids:
        hidden = made.trunk.step(made.embed(torch.tensor([[[int(id)]]])), cache)[:, 0]
        made.predict(hidden, kept, None)
    return torch.stack(found)
