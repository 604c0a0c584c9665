"""A transformer that sees both sides: padding is not seen, what comes later is."""

from __future__ import annotations

import pytest
import torch

from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.config import Alibi, NoPositions, Rotary, Sinusoidal, TransformerConfig
from vocable.language.transformer import Transformer

SIZES = {"width": 16, "layers": 2, "heads": 4, "hidden": 24, "context": 16, "causal": False}


@pytest.mark.parametrize("positions", [Rotary(), Sinusoidal(), NoPositions()])
@pytest.mark.parametrize("kv_heads", [None, 2])
def test_a_batch_equals_singles_with_any_padding(positions, kv_heads):
    torch.manual_seed(0)
    made = Transformer(TransformerConfig(**SIZES, positions=positions, kv_heads=kv_heads)).eval()
    x, lengths = torch.randn(3, 9, 16), [9, 4, 1]
    for item, length in enumerate(lengths):
        x[item, length:] = torch.nan
    y = made.forward(x, lengths)
    for item, length in enumerate(lengths):
        alone = made.forward(x[item : item + 1, :length])
        torch.testing.assert_close(y[item : item + 1, :length], alone, rtol=0, atol=1e-5)


def test_each_row_sees_the_last_one():
    torch.manual_seed(0)
    made = Transformer(TransformerConfig(**SIZES)).eval()
    x = torch.randn(1, 9, 16)
    other = x.clone()
    other[0, -1] += 1
    assert (made.forward(x) - made.forward(other)).abs().amin(-1).min() > 0


def test_what_it_has_not_is_refused():
    for more in ({"positions": Alibi()}, {"window": 4}, {"sets": 16}):
        with pytest.raises(ModelError, match="sees both sides"):
            TransformerConfig(**SIZES, **more)
    config = TransformerConfig(**SIZES)
    with pytest.raises(ModelError, match="no steps"):
        Transformer(config).step(torch.zeros(1, 1, 16), Cache(config, 1))
