"""Caches: rings equal windows, sinks keep their place, memory is its formula and never moves."""

import math
from dataclasses import replace

import pytest
import torch

from tests.language.toys import BUCKETS, KINDS, LLAMA, made, rows
from vocable.errors import ModelError
from vocable.language.cache import Cache, cache_bytes
from vocable.language.config import Alibi

LONG = replace(LLAMA, context=64)


def stepped(model, x, cache, sizes=None):
    return torch.cat([model.step(part, cache) for part in x.split(sizes or 1, 1)], 1)


@pytest.mark.parametrize("sizes", [1, 7, 40])
@pytest.mark.parametrize("window", [1, 5, 39, 64])
def test_a_ring_equals_a_windowed_whole(window, sizes):
    model, x = made(LONG), rows(2, 40)
    windowed = made(replace(LONG, window=window))
    windowed.load_state_dict(model.state_dict())
    with torch.no_grad():
        wanted = windowed(x)
    found = stepped(model, x, Cache(LONG, 2, window=window), sizes)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)


def by_formula(model, x, window, sinks):
    """Attend row by row, each over what the cache holds, its places numbered anew."""
    for layer in model.layers:
        x = layer_by_formula(model, layer, x, window, sinks)
    return model.norm(x)


def layer_by_formula(model, layer, x, window, sinks):
    config, positions, width = model.config, model.positions, model.config.channels
    y = layer.attention_norm(x)
    heads = layer.attention.into(y).unflatten(-1, (-1, width))[0].double()
    query, key, value = heads.tensor_split((config.heads, config.heads + config.key_heads), 1)
    key, value = (k.repeat_interleave(config.heads // config.key_heads, 1) for k in (key, value))
    found = []
    for row in range(x.shape[1]):
        first = max(sinks, row - window + 1)
        seen = [*range(min(sinks, row + 1)), *range(first, row + 1)]
        places = torch.arange(len(seen))
        distance = (len(seen) - 1 - places)[None, None]
        turn = positions.turn(places[None], torch.float64)
        asked, keys = query[row][None], key[seen]
        if turn is not None:
            cos, sin = (part[0] for part in turn)
            keys = keys * cos + keys.roll(width // 2, -1) * sin
            asked = asked * cos[-1:] + asked.roll(width // 2, -1) * sin[-1:]
        scores = torch.einsum("qhw,shw->hs", asked, keys) / math.sqrt(width)
        bias = positions.bias(distance)
        scores = scores if bias is None else scores + bias[0, :, 0]
        found.append(torch.einsum("hs,shw->hw", scores.softmax(-1), value[seen]).flatten())
    x = x + layer.attention.out(torch.stack(found)[None].float())
    return x + layer.mlp(layer.mlp_norm(x), 0)


@pytest.mark.parametrize("ring", [{}, {"window": 24}, {"window": 20, "sinks": 4}])
@torch.no_grad()
def test_what_has_a_place_is_seen_in_every_cache(ring):
    model, x = made(LLAMA), rows(2, 24)
    found = stepped(model, x, Cache(LLAMA, 2, **ring), 7)
    torch.testing.assert_close(found, model(x), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["rotary", "alibi", "relative"])
@pytest.mark.parametrize("sizes", [1, 5, [12, 1, 1, 26], [40]])
@torch.no_grad()
def test_sinks_stand_right_before_the_window(kind, sizes):
    positions = {"alibi": Alibi(), "relative": BUCKETS}.get(kind, LONG.positions)
    model, x = made(replace(LONG, positions=positions)), rows(1, 40)
    found = stepped(model, x, Cache(model.config, 1, window=6, sinks=3), sizes)
    wanted = by_formula(model, x, window=6, sinks=3)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)


def test_streams_of_any_age_share_a_ring_with_sinks():
    model, x = made(LONG), rows(3, 40)
    cache = Cache(LONG, 3, window=6, sinks=3)
    ages = [0, 2, 30]
    model.step(x[:, :30], cache, counts=ages)
    later = torch.stack([x[row, age : age + 10] for row, age in enumerate(ages)])
    found = torch.cat([model.step(part, cache) for part in later.split([4, 1, 1, 4], 1)], 1)
    for row, age in enumerate(ages):
        alone = stepped(model, x[row : row + 1], Cache(LONG, 1, window=6, sinks=3))
        torch.testing.assert_close(found[row], alone[0, age : age + 10], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("ring", [{}, {"window": 9}, {"window": 9, "sinks": 4}])
def test_memory_is_its_formula(ring, dtype):
    config = KINDS["head width"]
    context = sum(ring.values()) or config.context
    cache = Cache(config, 5, dtype=dtype, **ring)
    size = torch.finfo(dtype).bits // 8
    formula = cache_bytes(2, 3, 6, context, size, sinks=ring.get("sinks", 0))
    assert cache.nbytes == 5 * formula


def test_published_budgets():
    """KiB a position, as published configs give: CSM's backbone 32, Moshi's temporal model 512."""
    assert cache_bytes(16, 8, 64, 1, 2) == 32 << 10
    assert cache_bytes(32, 32, 128, 1, 2) == 512 << 10


@pytest.mark.parametrize("ring", [{}, {"window": 5, "sinks": 2}])
def test_memory_is_made_once(ring):
    model, cache = made(LLAMA), Cache(LLAMA, 2, **ring)
    before = [tensor.data_ptr() for layer in cache.layers for tensor in layer.tensors()]
    stepped(model, rows(2, 24), cache)
    cache.move(1, 0)
    assert before == [tensor.data_ptr() for layer in cache.layers for tensor in layer.tensors()]


@pytest.mark.parametrize("ring", [{}, {"window": 5, "sinks": 2}])
def test_a_stream_that_moves_goes_on(ring):
    model, x = made(LLAMA), rows(2, 24)
    cache = Cache(LLAMA, 3, **ring)
    wanted = stepped(model, x, cache, [9, 1, 14])[1]
    other = Cache(LLAMA, 3, **ring)
    model.step(x[:, :9], other)
    other.move(1, 0)
    assert other.lengths == [9, 0, 0]
    found = torch.cat([model.step(part, other) for part in x[1:, 9:].split([1, 14], 1)], 1)
    torch.testing.assert_close(found[0], wanted[9:], atol=1e-5, rtol=1e-4)


def test_a_full_context_is_refused_and_nothing_is_changed():
    model, cache = made(LLAMA), Cache(LLAMA, 2, context=8)
    model.step(rows(2, 8), cache, counts=[8, 5])
    kept = [tensor.clone() for tensor in cache.layers[0].tensors()]
    with pytest.raises(ModelError, match="stream 0 has 8 of 8 positions and 1 more came"):
        model.step(rows(2, 1), cache)
    assert all(map(torch.equal, kept, cache.layers[0].tensors()))
    assert cache.lengths == [8, 5] and cache.room(1) == 3
    model.step(rows(1, 3), cache, first=1)
    with pytest.raises(ModelError, match="25 positions are more than the context of 24"):
        model(rows(1, 25))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": 25}, "context of 25 positions is asked for; the model has 24"),
        ({"sinks": 4}, "4 sinks need a window"),
        ({"window": 0}, "at least 1 stream"),
        ({"streams": 0}, "at least 1 stream"),
    ],
)
def test_caches_that_cannot_be(options, message):
    with pytest.raises(ModelError, match=message):
        Cache(LLAMA, **{"streams": 1, **options})
