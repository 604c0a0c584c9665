"""Small transformers of every form, and rows for them; what several tests share."""

from dataclasses import replace

import torch
from torch import nn

from vocable.language.cache import Cache
from vocable.language.config import (
    Alibi,
    NoPositions,
    RelativeBias,
    Rotary,
    Sinusoidal,
    TransformerConfig,
)
from vocable.language.depth import Draw, LevelDepth, SharedDepth
from vocable.language.maps import Map
from vocable.language.token_model import RowModel, sum_of_embeddings
from vocable.language.transformer import Transformer
from vocable.nn.rotary import Llama3Scaling
from vocable.testing.block_examples import seeded

LLAMA = TransformerConfig(width=16, layers=2, heads=4, kv_heads=2, hidden=24, context=24)
BUCKETS = RelativeBias(buckets=8, distance=16)
PLAIN = replace(LLAMA, kv_heads=None, norm="layer", activation="gelu", gated=False)
KINDS = {
    "llama": LLAMA,
    "scaled": replace(LLAMA, positions=Rotary(base=100.0, scaling=Llama3Scaling(8.0, original=16))),
    "head width": replace(LLAMA, head_width=6, heads=6, kv_heads=3),
    "moshi": replace(LLAMA, kv_heads=None, eps=1e-8, window=24),
    "windowed": replace(LLAMA, window=5),
    "alibi": replace(LLAMA, positions=Alibi(), norm="layer", activation="relu", gated=False),
    "alibi window": replace(LLAMA, positions=Alibi(), window=5),
    "relative": replace(PLAIN, positions=BUCKETS),
    "relative window": replace(LLAMA, positions=BUCKETS, window=7, input_bias=True),
    "none": replace(LLAMA, positions=NoPositions(), output_bias=True, hidden_bias=True),
    "musicgen": replace(PLAIN, positions=Sinusoidal(), cross=16),
    "sets": replace(LLAMA, positions=NoPositions(), last_norm=False, sets=24),
}


def made(config: TransformerConfig) -> Transformer:
    """Return a transformer with the same random weights each time."""
    return seeded(lambda: Transformer(config)).eval()


def rows(batch: int, time: int, width: int = 16, seed: int = 0) -> torch.Tensor:
    """Return the same random rows each time."""
    return torch.randn(batch, time, width, generator=torch.Generator().manual_seed(seed))


def look(model: Transformer, cache: Cache, states: torch.Tensor) -> None:
    """Show each stream its encoder states, if the model has cross-attention."""
    if model.config.cross:
        for stream, each in enumerate(states):
            model.look(each, cache, stream)


class CsmLike(nn.Module):
    """Three levels and a row of text; one table, a backbone for level 0, shared depth weights."""

    sizes = (6, 6, 6, 9)
    drawn = 3

    def __init__(self) -> None:
        super().__init__()
        self.text, self.codes = nn.Embedding(9, 16), nn.Embedding(18, 16)
        self.trunk = Transformer(LLAMA)
        self.head = Map(16, 6)
        depth = replace(LLAMA, width=8, hidden=12, context=3)
        self.depth = SharedDepth(depth, width=16, rows=3, size=6)

    def code(self, level: int, ids: torch.Tensor) -> torch.Tensor:
        return self.codes(ids + 6 * level)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        rows = [self.code(level, ids[..., level].clamp(min=0)) for level in range(3)]
        rows.append(self.text(ids[..., 3].clamp(min=0)))
        return (torch.stack(rows, 2) * (ids >= 0)[..., None]).sum(2)

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache:
        return self.depth.make_cache(streams, dtype, device)

    def predict(self, hidden: torch.Tensor, draw: Draw, scratch: Cache) -> torch.Tensor:
        first = draw(0, self.head(hidden[:, None])[:, 0])
        return self.depth.draw(hidden, first, self.code, draw, scratch)

    def whole(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Logits of the rows of every next step, with what came before known."""
        y = self.trunk(self.embed(ids))[:, :-1].flatten(0, 1)
        later = ids[:, 1:].flatten(0, 1)
        known = torch.stack([self.code(level, later[:, level]) for level in range(2)], 1)
        return [self.head(y[:, None])[:, 0], *self.depth(y, known).unbind(1)]


class MoshiLike(nn.Module):
    """Text and two levels of the model's own, two of a listener; depth weights for each level."""

    sizes = (9, 6, 6, 6, 6)
    drawn = 3

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, 16) for size in self.sizes)
        self.inner = nn.ModuleList(nn.Embedding(size, 8) for size in (9, 6))
        self.trunk = Transformer(KINDS["moshi"])
        self.head = Map(16, 9)
        depth = replace(KINDS["sets"], width=8, kv_heads=None, hidden=12, context=2, sets=2)
        self.depth = LevelDepth(depth, width=16, rows=3, size=6)

    def code(self, row: int, ids: torch.Tensor) -> torch.Tensor:
        return self.inner[row](ids)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        return sum_of_embeddings(self.tables, ids)

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache:
        return self.depth.make_cache(streams, dtype, device)

    def predict(self, hidden: torch.Tensor, draw: Draw, scratch: Cache) -> torch.Tensor:
        first = draw(0, self.head(hidden[:, None])[:, 0])
        return self.depth.draw(hidden, first, self.code, draw, scratch)

    def whole(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Logits of the rows of every next step, with what came before known."""
        y = self.trunk(self.embed(ids))[:, :-1].flatten(0, 1)
        later = ids[:, 1:].flatten(0, 1)
        known = torch.stack([self.code(row, later[:, row]) for row in range(2)], 1)
        return [self.head(y[:, None])[:, 0], *self.depth(y, known).unbind(1)]


class Flat(RowModel):
    """Two rows side by side."""

    def __init__(self) -> None:
        super().__init__(LLAMA, (7, 9), (7, 9))

    def whole(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Logits of the rows of every next step."""
        return [each[:, :-1].flatten(0, 1) for each in self(ids)]


MODELS = {"flat": Flat, "csm": CsmLike, "moshi": MoshiLike}


def model_named(name: str) -> nn.Module:
    """Make one of them, with weights that make up their minds."""
    model = seeded(MODELS[name]).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2.0 if weight.ndim > 1 else 1.0)
    return model
