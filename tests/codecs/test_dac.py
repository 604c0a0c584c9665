"""DAC: published sizes, reach and latency; whole frames; checkpoints that are not quite DAC's.

That it gives the reference's numbers is shown in tests/parity, and pinned in tests/golden/dac.
"""

from dataclasses import replace

import pytest
import torch

from tests.codecs import tiny
from vocable.codecs import Codec
from vocable.codecs.dac import (
    DAC,
    PUBLISHED,
    DACConfig,
    dac_16khz,
    dac_24khz,
    dac_44khz,
    dac_44khz_16kbps,
    dac_tiny,
)
from vocable.codecs.keys import dac as keys
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.codecs.latency import latency_of
from vocable.errors import ModelError
from vocable.testing.codec_examples import filled


def empty(config: DACConfig) -> DAC:
    """Return a model without memory, and without learning aids."""
    with torch.device("meta"):
        model = DAC(config)
    model.quantizer.drop_learning()
    return model


@pytest.mark.parametrize(
    "make, tensors, millions, kbps",
    [
        (dac_16khz, 238, 74.14, 6.0),
        (dac_24khz, 338, 74.65, 24.0),
        (dac_44khz, 223, 76.62, 7.752),
        (dac_44khz_16kbps, 268, 64.19, 15.504),
    ],
)
def test_published_sizes(make, tensors, millions, kbps):
    model = empty(make())
    assert len(model.state_dict()) == tensors
    assert round(sum(p.numel() for p in model.parameters()) / 1e6, 2) == millions
    assert round(float(model.spec.bitrate()) / 1e3, 3) == kbps
    assert model.spec.prefixes == tuple(range(1, len(model.config.sizes) + 1))


@pytest.mark.parametrize(
    "make, reach, ahead, milliseconds",
    [
        (dac_16khz, (5314, 21), (2493, 10), (360, 376)),
        (dac_24khz, (5314, 21), (2493, 10), (240, 251)),
        (dac_44khz, (7978, 20), (3733, 10), (209, 212)),
        (dac_44khz_16kbps, (7978, 20), (3733, 10), (209, 212)),
    ],
)
def test_reach_and_latency(make, reach, ahead, milliseconds):
    model = empty(make())
    encoder, decoder, latency = model.encoder, model.decoder, latency_of(model)
    assert (encoder.receptive, decoder.receptive) == reach
    assert (encoder.lookahead, decoder.lookahead) == ahead
    assert tuple(round(1000 * float(s)) for s in (latency.first, latency.steady)) == milliseconds


def odd(seed: int = 0) -> Codec:
    """Return a codec whose decoder ends 8 samples short, as at 16 and 24 kHz."""
    torch.manual_seed(seed)
    config = replace(dac_tiny(), strides=(2, 4, 5, 8), encoder_channels=2, sizes=(16,) * 2)
    return Codec(filled(DAC(config)))


def test_a_decoder_that_ends_short_says_what_a_last_frame_that_goes_on_would():
    codec = odd()
    inner = codec.model.decoder.block
    assert inner.short == 8 and codec.model.decoder.short == 0
    z = torch.randn(2, 9, 8)
    with torch.no_grad():
        short, y = inner(z), codec.model.decoder(z)
        on = inner(torch.cat([z, z[:, -1:].expand(-1, 30, -1)], 1))
    assert (short.shape[1], y.shape[1]) == (9 * 320 - 8, 9 * 320)
    torch.testing.assert_close(y[:, :-8], short)
    torch.testing.assert_close(y[:, -8:], on[:, 9 * 320 - 8 : 9 * 320])
    assert (y[:, -8:] - on[:, 9 * 320 : 9 * 320 + 8]).abs().max() > 1e-3


def test_recordings_slices_and_generated_tokens_come_whole():
    codec = odd()
    tokens = codec.encode(tiny.sound(5 * 320, 2), rate=8000)
    assert len(codec.decode(tokens)) == 5 * 320
    assert len(codec.decode(tokens[1:3])) == 2 * 320
    assert codec.from_codes(torch.zeros(1, 2, 1, dtype=torch.int64)).shape == (1, 1, 320)
    assert codec.from_codes(torch.zeros(1, 2, 0, dtype=torch.int64)).shape == (1, 1, 0)


def test_the_decoder_computes_in_half_precision():
    torch.manual_seed(0)
    model = filled(DAC(dac_tiny()))
    with torch.no_grad():
        for name, value in model.decoder.named_parameters():
            if name.endswith("alpha"):
                value.copy_(10 * torch.rand(len(value)))
                value[0] = 0
    codes = Codec(model).to_codes(torch.from_numpy(tiny.sound(640))[None])
    wanted = Codec(model).from_codes(codes)
    assert wanted.abs().max() > 0.05
    for kind in (torch.bfloat16, torch.float16):
        lowered = Codec(model, dtype=kind).from_codes(codes)
        assert (lowered - wanted).abs().max() < 0.05 * wanted.abs().max()


def test_training_moves_every_weight_and_draws_levels():
    torch.manual_seed(0)
    model = DAC(dac_tiny()).train()
    x = torch.from_numpy(tiny.sound(320)).repeat(8, 1, 1)
    out = model(x)
    assert out.audio.shape == x.shape
    (out.audio.square().mean() + sum(out.losses.values())).backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in model.parameters())
    assert set(out.losses) == {"commitment", "codebook"}


# Checkpoints


def original(config: DACConfig) -> dict[str, tuple[int, ...]]:
    """Return keys and shapes that say the sizes, as the package has them, weight norm fused."""
    c, depth = config, len(config.strides)
    widths = [c.encoder_channels * 2**i for i in range(depth + 1)]
    shapes = {"encoder.block.0.weight": (widths[0], 1, 7)}
    for i, stride in enumerate(c.strides):
        down = f"encoder.block.{i + 1}.block.4.weight"
        shapes[down] = (widths[i + 1], widths[i], 2 * stride)
    shapes[f"encoder.block.{depth + 1}.alpha"] = (1, widths[-1], 1)
    shapes[f"encoder.block.{depth + 2}.weight"] = (c.latent, widths[-1], 3)
    shapes["decoder.model.0.weight"] = (c.decoder_channels, c.latent, 7)
    for i, size in enumerate(c.sizes):
        shapes[f"quantizer.quantizers.{i}.codebook.weight"] = (size, c.code_width)
    return shapes


def opened(shapes, tmp_path, **facts) -> Checkpoint:
    return Checkpoint(tmp_path / "weights.pth", shapes, **facts)


@pytest.mark.parametrize("make", PUBLISHED)
def test_published_models_are_known_by_their_sizes(make, tmp_path):
    found = keys.recognise(opened(original(make()), tmp_path))
    name = make.__name__
    assert (found.name, found.layout, found.architecture) == (name, "dac", "dac")
    assert DACConfig(**found.config) == make()


def test_the_rate_is_as_stated(tmp_path):
    shapes = original(dac_44khz())
    stated = {"metadata": {"kwargs": {"sample_rate": 48_000}}}
    found = keys.recognise(opened(shapes, tmp_path, stated=stated))
    assert (found.name, found.config["rate"]) == ("dac", 48_000)
    found = keys.recognise(opened(shapes, tmp_path, config={"sampling_rate": 48_000}))
    assert (found.name, found.config["rate"]) == ("dac", 48_000)
    for stated in ({"metadata": 3}, {"metadata": {"kwargs": None}}, {"metadata": {"kwargs": {}}}):
        assert keys.recognise(opened(shapes, tmp_path, stated=stated)).name == "dac_44khz"


def test_checkpoints_of_others_are_not_taken(tmp_path):
    shapes = original(dac_44khz())
    del shapes["encoder.block.5.alpha"]
    assert keys.recognise(opened(shapes, tmp_path)) is None
    assert keys.recognise(opened({}, tmp_path)) is None
    unquantized = {k: s for k, s in original(dac_44khz()).items() if "codebook" not in k}
    assert keys.recognise(opened(unquantized, tmp_path)) is None


@pytest.mark.parametrize(
    "key, shape, says",
    [
        ("encoder.block.0.weight", None, r"no convolution encoder\.block\.0; fetch it again"),
        ("encoder.block.0.weight", (64,), r"no convolution encoder\.block\.0"),
        ("quantizer.quantizers.1.codebook.weight", (1024, 4), "codebooks of 4, 8 dimensions"),
        ("quantizer.quantizers.1.codebook.weight", (512, 8), "no published DAC and states no rate"),
    ],
)
def test_sizes_that_cannot_be(key, shape, says, tmp_path):
    shapes = original(dac_44khz()) | {key: shape}
    with pytest.raises(ModelError, match=says):
        keys.recognise(opened({k: s for k, s in shapes.items() if s is not None}, tmp_path))
