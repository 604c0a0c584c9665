"""The graph that SoundStream, EnCodec and Mimi share, layer by layer against torch's own functions.

Its configs are those of the families: causal and symmetric, silence and reflection at the edges,
normalised or not, shortcuts that are convolutions or the identity.
"""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from vocable.codecs.seanet import SEANetConfig, decoder, encoder
from vocable.nn.transposed import to_torch
from vocable.testing.tiny_configs import encodec_tiny, encodec_tiny_stereo, soundstream_tiny

CONFIGS = {
    "soundstream": replace(soundstream_tiny(), dilations=(1,)),
    "encodec": encodec_tiny(),
    "symmetric": replace(encodec_tiny(), strides=(3, 5), causal=False, unit_shortcut=False),
    "stereo": encodec_tiny_stereo(),
    "mimi": SEANetConfig(
        filters=4,
        strides=(4, 6),
        dilations=(1,),
        unit_kernel=3,
        unit_shrink=2,
        decoder_last_kernel=3,
        latent=8,
        fill=True,
    ),
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def norm(y, layer):
    return F.group_norm(y, 1, layer.norm.weight, layer.norm.bias) if hasattr(layer, "norm") else y


def convolve(config, x, layer):
    """Convolve `[batch, channels, time]` by torch: pad, fill up the last stride, normalise."""
    inner = getattr(layer, "conv", layer)
    kernel = inner.weight if inner.weight.dim() == 3 else inner.weight[..., None]
    stride, dilation = getattr(inner, "stride", 1), getattr(inner, "dilation", 1)
    total = (kernel.shape[2] - 1) * dilation + 1 - stride
    right = 0 if config.causal else total // 2
    more = -x.shape[2] % stride
    mode = "constant" if config.edge == "zeros" else "reflect"
    padded = F.pad(x, (total - right, right + more), mode)
    return norm(F.conv1d(padded, kernel, inner.bias, stride, dilation=dilation), layer)


def spread(config, x, layer):
    inner = getattr(layer, "conv", layer)
    stride = inner.stride
    y = F.conv_transpose1d(x, to_torch(inner.weight, stride), inner.bias, stride)
    right = stride if config.causal else stride // 2
    return norm(y, layer)[..., stride - right : y.shape[2] - right]


def unit(config, x, block):
    first, second = block.branch.blocks[1], block.branch.blocks[3]
    y = convolve(config, F.elu(convolve(config, F.elu(x), first)), second)
    return y + (x if block.shortcut is None else convolve(config, x, block.shortcut))


def remember(y, layer):
    return y + layer.branch.cells(y.transpose(1, 2))[0].transpose(1, 2)


@every_config
def test_the_encoder_is_the_published_graph(config):
    made = encoder(config)
    layers = made.blocks
    # whole frames where the waveform is filled up, a frame and a bit where the layers fill up
    x = torch.randn(2, config.channels, 10 * config.frame + (3 if config.fill else 0))
    y = unit(config, convolve(config, x, layers[0]), layers[1])
    y = unit(config, convolve(config, F.elu(y), layers[3]), layers[4])
    y = convolve(config, F.elu(y), layers[6])
    if config.lstm_layers:
        y = remember(y, layers[7])
    y = convolve(config, F.elu(y), layers[-1])
    assert y.shape[2] == -(-x.shape[2] // config.frame)
    torch.testing.assert_close(made(x.transpose(1, 2)), y.transpose(1, 2))


@every_config
def test_the_decoder_is_the_published_graph(config):
    made = decoder(config)
    layers = list(made.blocks)
    z = torch.randn(2, config.latent, 10)
    y = convolve(config, z, layers.pop(0))
    if config.lstm_layers:
        y = remember(y, layers.pop(0))
    y = unit(config, spread(config, F.elu(y), layers[1]), layers[2])
    y = unit(config, spread(config, F.elu(y), layers[4]), layers[5])
    y = convolve(config, F.elu(y), layers[7])
    assert (len(layers), y.shape[2]) == (8, 10 * config.frame)
    torch.testing.assert_close(made(z.transpose(1, 2)), y.transpose(1, 2))
