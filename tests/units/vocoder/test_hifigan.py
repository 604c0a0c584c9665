"""The network of a vocoder against torch's own layers, and what its config refuses."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from vocable.errors import ModelError
from vocable.nn.transposed import from_torch, to_torch
from vocable.units.vocoder.durations import DurationConfig, frames_of
from vocable.units.vocoder.hifigan import UnitHifiGan, UnitHifiGanConfig

TOY = UnitHifiGanConfig(
    units=10, unit_width=4, speakers=3, speaker_width=2, channels=8, rates=(5, 2), kernels=(11, 4),
    block_kernels=(3, 5), dilations=((1, 3), (1, 2)), durations=DurationConfig(width=6),
)  # fmt: skip


def network(config=TOY):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return UnitHifiGan(config).eval()


def literally(net, rows):
    """HiFi-GAN's generator as its paper has it, on the weights of ours."""
    blocks, config = list(net.generator.blocks), net.config
    conv = lambda layer, x, dilation=1: F.conv1d(  # noqa: E731
        x, layer.weight, layer.bias, dilation=dilation,
        padding=(layer.weight.shape[2] - 1) * dilation // 2,
    )  # fmt: skip
    x = conv(blocks[0], rows.transpose(1, 2))
    for stage, rate, kernel in zip(blocks[1:], config.rates, config.kernels, strict=False):
        up, mean = stage.blocks[1], stage.blocks[2]
        weight = to_torch(up.weight, rate)[..., :kernel]
        x = F.conv_transpose1d(
            F.leaky_relu(x, 0.1), weight, up.bias, rate, padding=(kernel - rate) // 2
        )
        total = 0.0
        for block, dilations in zip(mean.blocks, config.dilations, strict=True):
            y = x
            for unit, dilation in zip(block.blocks, dilations, strict=True):
                first, second = unit.branch.blocks[1], unit.branch.blocks[3]
                z = conv(first, F.leaky_relu(y, 0.1), dilation)
                y = y + conv(second, F.leaky_relu(z, 0.1))
            total = total + y
        x = total / len(mean.blocks)
    return torch.tanh(conv(blocks[-2], F.leaky_relu(x, 0.01)))


@torch.no_grad()
def test_the_generator_is_that_of_the_paper():
    net = network()
    for stage in list(net.generator.blocks)[1:3]:  # taps that the kernel was filled up with
        up = stage.blocks[1]
        whole = to_torch(up.weight, up.stride)
        whole[..., {5: 11, 2: 4}[up.stride] :] = 0
        up.weight.copy_(from_torch(whole, up.stride))
    units = torch.tensor([[1, 1, 7, 3, 3, 9, 0]])
    speaker = net.speaker(torch.tensor([2]))
    rows = torch.cat([net.units(units), speaker[:, None].expand(-1, 7, -1)], 2)
    found = net(units, speaker=speaker)
    assert found.shape == (1, 1, 70)
    torch.testing.assert_close(found, literally(net, rows), rtol=0, atol=1e-6)


def test_the_predictor_is_that_of_fastspeech():
    net = network()
    layers, x = list(net.durations.layers.blocks), torch.randn(2, 9, 4)
    y = x.transpose(1, 2)
    for at in (0, 3):
        y = F.relu(F.conv1d(y, layers[at].weight, layers[at].bias, padding=1)).transpose(1, 2)
        y = F.layer_norm(y, (6,), layers[at + 2].weight, layers[at + 2].bias).transpose(1, 2)
    wanted = F.linear(y.transpose(1, 2), layers[6].weight, layers[6].bias)[..., 0]
    torch.testing.assert_close(net.durations(x), wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(net.durations.layers(x)[..., 0], wanted, rtol=0, atol=1e-6)


def test_the_rule_of_durations():
    logarithms = torch.log1p(torch.tensor([0.0, 0.4, 1.6, 2.5, 3.5, 12.2]))
    assert frames_of(logarithms, "exp").tolist() == [1, 1, 2, 2, 4, 12]
    assert frames_of(torch.tensor([-5.0, 99.0]), "expm1").tolist() == [1, 65_536]
    with pytest.raises(ModelError, match="not finite"):
        frames_of(torch.tensor([float("nan")]), "exp")


@pytest.mark.parametrize(
    "changes, what",
    [
        ({"kernels": (10, 4)}, "larger by an even number"),
        ({"block_kernels": (3, 4)}, "must be odd"),
        ({"channels": 6}, "cannot halve"),
        ({"rates": (5,)}, "one for each"),
        ({"units": 0}, "1 or more"),
        ({"speaker_vector": 4}, "table or as vectors"),
        ({"pitch_bins": 3, "pitch_value": True}, "bins or as a value"),
    ],
)
def test_what_makes_no_vocoder_is_refused(changes, what):
    with pytest.raises(ModelError, match=what):
        replace(TOY, **changes)
