"""The SoundStream and EnCodec family: published sizes, shapes, causality, scalable bitrate."""

from dataclasses import asdict
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F

from tests.codecs import tiny
from vocable.codecs import build
from vocable.codecs.seanet import SEANet, encodec_24khz, seanet_tiny, soundstream_24khz
from vocable.errors import ModelError
from vocable.nn.transposed import to_torch


@pytest.fixture(scope="module")
def encodec():
    with torch.device("meta"):
        return SEANet(encodec_24khz())


def shapes(block):
    return [tuple(value.shape) for key, value in block.state_dict().items() if "weight" in key]


def test_encodec_has_the_published_size(encodec):
    parameters = sum(p.numel() for p in encodec.parameters())
    assert round(parameters / 1e6, 2) == 14.85
    codebooks = [tuple(level.codebook.entries.shape) for level in encodec.quantizer.stack]
    assert codebooks == [(1024, 128)] * 32
    assert encodec.spec.bitrate() == 24_000


def test_encodec_has_the_published_layers(encodec):
    found = shapes(encodec.encoder)
    assert found[:5] == [(32, 1, 7), (32, 32), (16, 32, 3), (32, 16), (64, 32, 4)]
    assert found[-5:] == [(2048, 512)] * 4 + [(128, 512, 7)]
    assert shapes(encodec.decoder)[0] == (512, 128, 7)
    assert shapes(encodec.decoder)[-1] == (1, 32, 7)


def test_soundstream_scales_from_3_to_18_kbps():
    with torch.device("meta"):
        spec = SEANet(soundstream_24khz()).spec
    assert (spec.rate, spec.frame, spec.frame_rate) == (24_000, 320, 75)
    assert (spec.bitrate(4), spec.bitrate()) == (3000, 18_000)
    assert spec.prefixes == tuple(range(1, 25))


@pytest.mark.parametrize("changes", [{}, {"unit_shortcut": True, "unit_shrink": 2}])
def test_facts_and_latency(changes):
    codec = tiny.seanet(**changes)
    assert (codec.model.encoder.stride_in, codec.model.encoder.ratio) == (16, Fraction(1, 16))
    assert (codec.model.decoder.stride_in, codec.model.decoder.ratio) == (1, 16)
    assert codec.model.encoder.lookahead == codec.model.decoder.lookahead == 0
    x = torch.from_numpy(tiny.sound(160))[None]
    future = x.clone()
    future[..., 80:] = torch.nan
    clean = codec.model.encoder(x.transpose(1, 2))[:, :5]
    torch.testing.assert_close(codec.model.encoder(future.transpose(1, 2))[:, :5], clean)


def test_training_draws_a_number_of_levels_for_each_item():
    codec = tiny.seanet(prefixes=(1, 4)).model.train()
    x = torch.from_numpy(tiny.sound(64)).repeat(40, 1, 1)
    torch.manual_seed(0)
    audio = codec(x).audio.detach()
    assert len({round(float(item.abs().sum()), 4) for item in audio}) == 2


def convolve(x, layer):
    """Convolve `[batch, channels, time]` by torch, with all padding at the left."""
    kernel = layer.weight if layer.weight.dim() == 3 else layer.weight[..., None]
    stride, dilation = getattr(layer, "stride", 1), getattr(layer, "dilation", 1)
    left = (kernel.shape[2] - 1) * dilation + 1 - stride
    return F.conv1d(F.pad(x, (left, 0)), kernel, layer.bias, stride, dilation=dilation)


def unit(x, block):
    first, second = block.branch.blocks[1], block.branch.blocks[3]
    return convolve(x, block.shortcut) + convolve(F.elu(convolve(F.elu(x), first)), second)


def test_the_encoder_is_the_published_graph():
    codec = tiny.seanet(unit_shortcut=True, unit_shrink=2, dilations=(1,), lstm_layers=2)
    layers = codec.model.encoder.blocks
    x = torch.from_numpy(tiny.sound(160))[None]
    y = unit(convolve(x, layers[0]), layers[1])
    y = unit(convolve(F.elu(y), layers[3]), layers[4])
    y = convolve(F.elu(y), layers[6])
    y = y + layers[7].branch.cells(y.transpose(1, 2))[0].transpose(1, 2)
    y = convolve(F.elu(y), layers[9])
    torch.testing.assert_close(codec.model.encoder(x.transpose(1, 2)), y.transpose(1, 2))


def test_the_decoder_is_the_published_graph():
    codec = tiny.seanet(unit_shortcut=True, unit_shrink=2, dilations=(1,), lstm_layers=2)
    layers = codec.model.decoder.blocks
    z = torch.randn(1, 8, 10)

    def spread(x, layer):
        kernel = to_torch(layer.weight, layer.stride)
        y = F.conv_transpose1d(x, kernel, layer.bias, layer.stride)
        return y[..., : x.shape[2] * layer.stride]

    y = convolve(z, layers[0])
    y = y + layers[1].branch.cells(y.transpose(1, 2))[0].transpose(1, 2)
    y = unit(spread(F.elu(y), layers[3]), layers[4])
    y = unit(spread(F.elu(y), layers[6]), layers[7])
    y = convolve(F.elu(y), layers[9])
    torch.testing.assert_close(codec.model.decoder(z.transpose(1, 2)), y.transpose(1, 2))


def test_every_level_comes_nearer_to_the_latent():
    codec = tiny.seanet()
    z = codec.model.encoder(torch.from_numpy(tiny.sound(3200)).reshape(1, -1, 1)).detach()
    codes = codec.model.quantizer.encode(z)
    left = [
        float((z - codec.model.quantizer.decode(codes[:, :n])).square().mean())
        for n in (1, 2, 3, 4)
    ]
    assert left == sorted(left, reverse=True)


def test_building_by_name_checks_every_key():
    values = asdict(seanet_tiny())
    assert build("seanet", values).config == seanet_tiny()
    assert build("seanet", {**values, "strides": [2, 8]}).config == seanet_tiny()
    with pytest.raises(ModelError, match='no key config.filter; nearest: "filters"'):
        build("seanet", {"filter": 3})
    with pytest.raises(ModelError, match="config.filters is 'many'; wanted int"):
        build("seanet", {"filters": "many"})
    with pytest.raises(ModelError, match='no architecture named "seanets"; nearest: "seanet"'):
        build("seanets", {})
