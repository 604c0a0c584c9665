"""A prefix of rows that all see, those before them too: whole, in steps, in an engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.language.toys import KINDS, LLAMA, made, model_named, rows
from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.engine import Engine, Prompt
from vocable.language.sampling import GREEDY
from vocable.language.sight import whole_sight

SEEN = """
1110000
1110000
1110000
1111000
1111100
1111110
1111111
"""


def test_what_is_seen_is_this_table():
    model = made(LLAMA)
    sight = whole_sight(model.positions, LLAMA, rows(1, 7), None, [3])
    wanted = [[letter == "1" for letter in line] for line in SEEN.split()]
    assert sight.mask[0, 0, :7].tolist() == wanted and not sight.causal
    assert sight.mask.shape == (1, 1, 2 * 7, 7)  # two heads ask of each that has keys


@pytest.mark.parametrize("name", ["llama", "alibi", "relative", "none"])
@pytest.mark.parametrize("sizes", [[9, 1, 1, 1], [5, 7], [12]])
def test_whole_equals_steps(name, sizes):
    model, x = made(KINDS[name]), rows(2, 12)
    cache, found, start = Cache(KINDS[name], 2), [], 0
    for size in sizes:
        block = x[:, start : start + size]
        found.append(model.step(block, cache, prefixes=None if start else [4, 5]))
        start += size
    with torch.no_grad():
        whole = model(x, prefixes=[4, 5])
    torch.testing.assert_close(torch.cat(found, 1), whole, rtol=0, atol=1e-5)


def test_a_batch_equals_singles_and_a_prefix_of_none_is_none():
    model, x, lengths, prefixes = made(LLAMA), rows(3, 12), [12, 7, 5], [4, 7, 0]
    with torch.no_grad():
        y = model(x, lengths, prefixes=prefixes)
        for item, (length, prefix) in enumerate(zip(lengths, prefixes, strict=True)):
            some = x[item : item + 1, :length]
            alone = model(some, prefixes=[prefix]) if prefix else model(some)
            torch.testing.assert_close(y[item : item + 1, :length], alone, rtol=0, atol=1e-5)


def test_rows_behind_the_prefix_see_none_behind_them():
    model, x = made(LLAMA), rows(1, 12)
    other = x.clone()
    other[0, 8] += 1
    with torch.no_grad():
        moved = (model(x, prefixes=[5]) - model(other, prefixes=[5])).abs().amax(-1)[0]
        other = x.clone()
        other[0, 4] += 1
        early = (model(x, prefixes=[5]) - model(other, prefixes=[5])).abs().amax(-1)[0]
    assert not moved[:8].any() and moved[8:].all() and early.all()


def test_streams_of_an_engine_give_what_each_gives_alone(monkeypatch):
    """Prompts with and without a prefix begin together; a prefix is longer than a block."""
    monkeypatch.setattr("vocable.language.engine.BLOCK", 4)
    model = model_named("flat")
    ids = torch.randint(0, 7, (11, 2), generator=torch.Generator().manual_seed(1))
    prompts = [Prompt(ids, prefix=6), Prompt(ids[:9]), Prompt(ids[:6], prefix=6)]
    alone = []
    for prompt in prompts:
        engine = Engine(model, 1)
        alone.append(np.stack(list(engine.join(prompt, sampling=GREEDY, most=5))))
    engine = Engine(model, 3)
    sessions = [engine.join(each, sampling=GREEDY, most=5) for each in prompts]
    for session, wanted in zip(sessions, alone, strict=True):
        assert np.array_equal(np.stack(list(session)), wanted)
    hidden = model.trunk.forward(model.embed(ids[None]), prefixes=[6])[0, -1:]
    first = [int(head(hidden[None])[0].argmax()) for head in model.heads]
    assert alone[0][0].tolist() == first


def test_what_cannot_be_is_refused():
    model, x = made(LLAMA), rows(1, 6)
    with pytest.raises(ModelError, match="a prefix of 4 rows .* comes at once; 3 came"):
        model.step(x[:, :3], Cache(LLAMA, 1), prefixes=[4])
    cache = Cache(LLAMA, 1)
    model.step(x[:, :3], cache)
    with pytest.raises(ModelError, match="a prefix begins a stream"):
        model.step(x[:, 3:], cache, prefixes=[2])
    with pytest.raises(ModelError, match="no window"):
        made(KINDS["windowed"]).forward(x, prefixes=[2])
    flat = model_named("flat")
    ids = torch.zeros(3, 2, dtype=torch.int64)
    with pytest.raises(ModelError, match="no window"):
        Engine(flat, 1, window=8).join(Prompt(ids, prefix=2))
    with pytest.raises(ModelError, match="the prefix has 4 rows but the prompt 3"):
        Engine(flat, 1).join(Prompt(ids, prefix=4))
