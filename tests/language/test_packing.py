"""A packed model keeps the laws of the plain one, and gives nearly what it gives."""

import numpy as np
import pytest
import torch

from tests.language.test_engine import follow, prompt, run
from tests.language.toys import KINDS, MODELS, look, made, model_named, rows
from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.packing import PackedMap, pack, parameters
from vocable.language.sampling import GREEDY

KEPT = pytest.mark.parametrize("kept", [torch.float16, torch.int8], ids=str)
NEAR = {torch.float16: 2e-3, torch.int8: 4e-2}  # of the output's size, after two layers


def packed(model: torch.nn.Module, kept: torch.dtype) -> torch.nn.Module:
    try:
        pack(model, kept)
    except ModelError as error:
        pytest.skip(str(error))
    return model


@KEPT
@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_steps_equal_the_whole_and_both_are_near_the_plain_model(kind, kept):
    config, x, states = KINDS[kind], rows(2, 9), rows(2, 4, seed=1)
    cross = {"cross": states} if config.cross else {}
    plain = made(config).forward(x, **cross)
    model = packed(made(config), kept)
    whole = model.forward(x, **cross)
    cache = Cache(config, 2, cross_states=4)
    look(model, cache, states)
    steps = torch.cat([model.step(part, cache) for part in x.split([4, 1, 1, 3], 1)], 1)
    assert (steps - whole).abs().max() < 1e-4 * whole.abs().max()
    error = (whole - plain).norm() / plain.norm()
    assert 0 < error < NEAR[kept]


@KEPT
@pytest.mark.parametrize("name", MODELS)
def test_streams_draw_what_they_draw_alone(name, kept):
    model = packed(model_named(name), kept)
    streams = [(when, prompt(model, 3 + when, when), {"sampling": GREEDY}) for when in range(4)]
    together = run(model, streams)
    for index, (_, start, settings) in enumerate(streams):
        alone = run(model, [(0, start, settings | {"seed": index})])[0]
        np.testing.assert_array_equal(together[index], alone)


@KEPT
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_all_maps_are_packed_whatever_they_came_in(kept, dtype):
    model = model_named("moshi").to(dtype)
    before = sum(tensor.numel() for tensor in model.parameters())
    packed(model, kept)
    assert parameters(model) == before
    maps = [part for part in model.modules() if isinstance(part, PackedMap)]
    assert len(maps) == 4 * 2 * 2 + 3 and not any(
        type(m).__name__ == "Map" for m in model.modules()
    )
    assert {tensor.dtype for tensor in model.trunk.parameters()} == {torch.float32}
    assert model.tables[0].weight.dtype == dtype
    drawn = run(model, [(0, prompt(model, 4), {"sampling": GREEDY, "follow": follow(model)})])
    assert drawn[0].shape == (8, 3)
