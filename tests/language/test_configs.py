"""Models that cannot be are refused; configs are read from tables, as files hold them."""

from dataclasses import asdict, replace

import pytest
import torch

from tests.language.toys import KINDS, LLAMA, made, rows
from vocable.errors import ModelError, VocableError
from vocable.fitting import fit
from vocable.language.cache import Cache
from vocable.language.config import RelativeBias, Sinusoidal, TransformerConfig
from vocable.language.depth import LevelDepth, SharedDepth
from vocable.language.positions import alibi_slopes, distance_buckets
from vocable.language.token_model import RowModel


@pytest.mark.parametrize("name", KINDS)
def test_a_config_is_a_table(name):
    config = KINDS[name]
    assert fit(TransformerConfig, asdict(config), "model", ModelError) == config


def test_an_unknown_kind_of_positions_is_named():
    table = {**asdict(LLAMA), "positions": {"kind": "rotray"}}
    with pytest.raises(VocableError, match='positions.kind is "rotray"; .*rotary'):
        fit(TransformerConfig, table, "model", ModelError)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 0}, "layers must be at least 1 but is 0"),
        ({"window": 0}, "window must be at least 1 but is 0"),
        ({"heads": 3}, "width 16 does not divide into 3 heads"),
        ({"kv_heads": 3}, "4 heads do not share 3 kv_heads evenly"),
        ({"head_width": 5}, "rotary heads need an even width but have 5"),
        ({"sets": 8}, "8 sets of weights do not serve 24 positions"),
    ],
)
def test_configs_that_cannot_be(change, message):
    with pytest.raises(ModelError, match=message):
        replace(LLAMA, **change)


def test_models_that_cannot_be():
    with pytest.raises(ModelError, match="need an even width from 4 on, not 2"):
        made(replace(LLAMA, width=2, heads=1, kv_heads=1, head_width=2, positions=Sinusoidal()))
    with pytest.raises(ModelError, match="a step has at least 1 row, and a head for each"):
        RowModel(LLAMA, (7, 9), (7,))
    with pytest.raises(ModelError, match="a frame has 1"):
        SharedDepth(LLAMA, width=16, rows=1, size=6)
    with pytest.raises(ModelError, match="a context of 24 does not hold a frame of 25 rows"):
        SharedDepth(LLAMA, width=16, rows=25, size=6)
    with pytest.raises(ModelError, match="7 rows are drawn but the config has sets = 24"):
        LevelDepth(KINDS["sets"], width=16, rows=8, size=6)


def test_encoder_states_are_asked_for_and_bounded():
    model = made(KINDS["musicgen"])
    with pytest.raises(ModelError, match="this model has cross-attention; give it encoder states"):
        model(rows(1, 4))
    with pytest.raises(ModelError, match="5 encoder states are more than the cache's 4"):
        model.look(rows(1, 5)[0], Cache(model.config, 1, cross_states=4), 0)


def test_published_slopes():
    """8 heads: 1/2, 1/4, … 1/256; 12 heads add every other slope of 16."""
    assert alibi_slopes(8) == [2.0**-power for power in range(1, 9)]
    assert alibi_slopes(12) == [*alibi_slopes(8), *(2.0 ** -(power + 0.5) for power in range(4))]


def test_buckets_are_those_of_t5():
    t5 = pytest.importorskip("transformers.models.t5.modeling_t5").T5Attention
    distance = torch.arange(400)
    wanted = t5._relative_position_bucket(-distance, bidirectional=False)
    assert torch.equal(distance_buckets(distance, RelativeBias()), wanted)
