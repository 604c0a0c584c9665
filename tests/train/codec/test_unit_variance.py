"""The layers of a new codec are scaled by a first batch: each gives a deviation of 1."""

from __future__ import annotations

import pytest
import torch

from vocable.codecs import CodecModel
from vocable.errors import RecipeError
from vocable.testing.codec_examples import small_codec
from vocable.train.codec.unit_variance import _layers, set_unit_variance

NAMES = ["plain", "soundstream", "encodec", "encodec-stereo", "mimi", "dac", "snac"]


def fresh(name: str) -> CodecModel:
    torch.manual_seed(1)
    model = small_codec(name).model
    return type(model)(model.config)


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_gives_a_deviation_of_one(name: str) -> None:
    model = fresh(name)
    x = 0.1 * torch.randn(2, model.spec.channels, 4 * 640 * 2)
    quantizer = {key: value.clone() for key, value in model.quantizer.state_dict().items()}
    torch.manual_seed(2)
    set_unit_variance(model, x)
    after = model.quantizer.state_dict()
    assert all(torch.equal(quantizer[key], after[key]) for key in quantizer)
    found = []
    for layer in [*_layers(model.encoder), *_layers(model.decoder)]:
        assert layer.bias is None or not layer.bias.any()
        layer.register_forward_hook(lambda _layer, _given, out: found.append(float(out.std())))
    torch.manual_seed(2)  # the same k-means of the quantizer's copy
    set_unit_variance(model, x)  # what is scaled already stays
    *inner, last = found
    missed = len([*_layers(model.encoder), *_layers(model.decoder)]) - len(found)
    assert missed == (4 if name == "mimi" else 0)  # inside its transformers
    assert len(inner) >= 2 and inner == pytest.approx([1.0] * len(inner), rel=1e-3)
    given = model.prepare_input(x, model.find_sides(x))  # a segment at its own loudness, or x
    assert last == pytest.approx(float(given.std()), rel=1e-2)


def test_a_last_layer_that_hooks_do_not_see_is_refused() -> None:
    model = fresh("plain")
    model.decoder.forward = lambda z: z  # type: ignore[method-assign]
    with pytest.raises(RecipeError, match="does not reach the last layer of plain"):
        set_unit_variance(model, torch.randn(2, 1, 640))
