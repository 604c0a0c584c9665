"""Small transformers of every form, and rows for them; what several tests share."""

from dataclasses import replace

import torch

from vocable.language.cache import Cache
from vocable.language.config import (
    Alibi,
    NoPositions,
    RelativeBias,
    Rotary,
    Sinusoidal,
    TransformerConfig,
)
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
