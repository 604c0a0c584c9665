"""Files in fairseq's layout, written here by its own names, give the network that they are of."""

import numpy as np
import pytest
import torch

from tests.units.vocoder.test_hifigan import network
from vocable.load import load_vocoder
from vocable.nn.transposed import from_torch, to_torch
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.units import Vocoder
from vocable.units.vocoder.durations import DurationConfig
from vocable.units.vocoder.hifigan import UnitHifiGanConfig

CONFIG = UnitHifiGanConfig(
    units=9, unit_width=4, speakers=2, speaker_width=4, channels=32,
    durations=DurationConfig(width=4),
)  # fmt: skip
SPEC = TokenSpec(
    "toy@1:0123456789abcdef", 16_000, 320, 1, (Level(9, role="semantic"),), (1,), window=400
)
FORMS = {
    "old": ("weight_g", "weight_v"),
    "new": ("parametrizations.weight.original0", "parametrizations.weight.original1"),
}


@torch.no_grad()
def in_fairseq(net, form):
    """Return the weights of a network by fairseq's keys, those of convolutions weight-normed."""
    blocks, found = list(net.generator.blocks), {}

    def put(name, weight, bias, normed=True):
        found[f"{name}.bias"] = bias.clone()
        if not normed:
            found[f"{name}.weight"] = weight.clone()
            return
        gain, direction = FORMS[form]
        norm = weight.flatten(1).norm(dim=1).reshape(-1, 1, 1)
        found[f"{name}.{gain}"], found[f"{name}.{direction}"] = norm, 3 * weight

    put("conv_pre", blocks[0].weight, blocks[0].bias)
    for i, (stage, rate, kernel) in enumerate(
        zip(blocks[1:], net.config.rates, net.config.kernels, strict=False)
    ):
        up = stage.blocks[1]
        weight = to_torch(up.weight, rate)
        weight[..., kernel:] = 0
        up.weight.copy_(from_torch(weight, rate))
        put(f"ups.{i}", weight[..., :kernel], up.bias)
        for j, block in enumerate(stage.blocks[2].blocks):
            for d, unit in enumerate(block.blocks):
                first, second = unit.branch.blocks[1], unit.branch.blocks[3]
                put(f"resblocks.{3 * i + j}.convs1.{d}", first.weight, first.bias)
                put(f"resblocks.{3 * i + j}.convs2.{d}", second.weight, second.bias)
    put("conv_post", blocks[-2].weight, blocks[-2].bias)
    layers = list(net.durations.layers.blocks)
    for name, place in (("conv1.0", 0), ("ln1", 2), ("conv2.0", 3), ("ln2", 5), ("proj", 6)):
        put(f"dur_predictor.{name}", layers[place].weight, layers[place].bias, normed=False)
    return found | {"dict.weight": net.units.weight, "spkr.weight": net.speaker.weight}


@pytest.mark.parametrize("form", FORMS)
def test_fairseq(form, tmp_path):
    net = network(CONFIG)
    tensors = {key: value.detach().clone() for key, value in in_fairseq(net, form).items()}
    torch.save({"generator": tensors}, tmp_path / "g_00400000")
    found, wanted = load_vocoder(tmp_path / "g_00400000").bound(SPEC), Vocoder(net, SPEC)
    assert found.network.config == CONFIG
    tokens = AudioTokens(SPEC, [[[1, 1, 8, 0, 3, 3, 3, 2]]])
    assert found.timed(tokens) == wanted.timed(tokens)
    np.testing.assert_allclose(
        found.decode(tokens, speaker=1).samples, wanted.decode(tokens, speaker=1).samples,
        rtol=0, atol=1e-6,
    )  # fmt: skip
