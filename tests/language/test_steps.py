"""A transformer's steps over a cache give what the whole gives, in blocks of any size."""

from dataclasses import replace

import pytest
import torch

from tests.language.toys import KINDS, LLAMA, look, made, rows
from vocable.language import transformer
from vocable.language.cache import Cache

SIZES = {"at once": [24], "one by one": [1] * 24, "blocks": [3, 1, 7, 2, 11], "late": [9, 1, 1, 13]}


def stepped(model, x, cache, sizes):
    return torch.cat([model.step(part, cache) for part in x.split(sizes, 1)], 1)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", KINDS)
def test_steps_equal_the_whole(name, sizes):
    model, x, states = made(KINDS[name]), rows(2, 24), rows(2, 5, seed=1)
    with torch.no_grad():
        wanted = model(x, cross=states if model.config.cross else None)
    cache = Cache(model.config, 2, cross_states=5)
    look(model, cache, states)
    found = stepped(model, x, cache, SIZES[sizes])
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    assert cache.lengths == [24, 24]


def test_steps_that_stand_elsewhere_are_noticed(monkeypatch):
    """The broken example: a step whose rows stand one position late."""
    model, x, cache = made(LLAMA), rows(2, 24), Cache(LLAMA, 2)
    original = transformer.step_sight

    def late(positions, cache, streams, counts, like, prefixes):
        sight = original(positions, cache, streams, counts, like, prefixes)
        shift = int(cache.lengths[0] > 0)
        return replace(sight, turn=positions.turn(sight.at + shift, like.dtype))

    monkeypatch.setattr(transformer, "step_sight", late)
    with pytest.raises(AssertionError, match="not close"):
        torch.testing.assert_close(stepped(model, x, cache, SIZES["blocks"]), model(x))


@pytest.mark.parametrize("name", ["llama", "windowed", "alibi", "relative window", "musicgen"])
def test_a_batch_equals_singles_with_any_padding(name):
    model, x, states = made(KINDS[name]), rows(3, 16), rows(3, 5, seed=1)
    cross = {"cross": states, "cross_lengths": [5, 2, 0]} if model.config.cross else {}
    counts, more = [9, 16, 1], rows(3, 4, seed=2)
    x = torch.where(torch.arange(16)[:, None] < torch.tensor(counts)[:, None, None], x, torch.nan)
    spoilt = x.clone()
    with torch.no_grad():
        whole = model(x, counts, **cross)
    cache = Cache(model.config, 3, cross_states=5)
    look(model, cache, [states[0], states[1, :2], states[2, :0]])
    block = model.step(x, cache, counts=counts)
    after = stepped(model, more, cache, [1, 1, 2])
    for item, count in enumerate(counts):
        alone = torch.cat((x[item, :count], more[item]))[None]
        seen = states[item : item + 1, : [5, 2, 0][item]]
        seen = seen if seen.shape[1] else torch.zeros(1, 1, 16)
        with torch.no_grad():
            wanted = model(alone, cross=seen if cross else None)[0]
        for found in (whole[item], block[item]):
            torch.testing.assert_close(found[:count], wanted[:count], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(after[item], wanted[count:], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(x, spoilt, equal_nan=True)


@pytest.mark.parametrize("name", ["llama", "alibi", "windowed"])
def test_a_stream_that_is_not_a_number_harms_no_neighbour(name):
    model, x = made(KINDS[name]), rows(2, 12)
    clean = stepped(model, x, Cache(model.config, 2), [4, 1, 1, 6])
    x[0, 5:] = torch.nan
    found = stepped(model, x, Cache(model.config, 2), [4, 1, 1, 6])
    assert torch.equal(found[1], clean[1]) and found[0, 5:].isnan().all()
    assert torch.equal(found[0, :5], clean[0, :5])


def test_bf16_weights_run_with_a_cache_of_their_own_kind():
    model = made(LLAMA).bfloat16()
    cache = Cache(LLAMA, 1, dtype=torch.bfloat16)
    found = stepped(model, rows(1, 24).bfloat16(), cache, [5, 1, 18])
    with torch.no_grad():
        wanted = model(rows(1, 24).bfloat16())
    torch.testing.assert_close(found, wanted, atol=0.06, rtol=0.06)
    assert found.dtype == torch.bfloat16
