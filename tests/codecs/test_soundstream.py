"""SoundStream: published sizes, causality, latency, scalable bitrate; its config by name."""

from dataclasses import asdict
from fractions import Fraction

import pytest
import torch

from tests.codecs import tiny
from vocable.codecs import build
from vocable.codecs.soundstream import SoundStream, soundstream_24khz
from vocable.errors import ModelError
from vocable.testing.tiny_configs import soundstream_tiny


@pytest.fixture(scope="module")
def published():
    with torch.device("meta"):
        return SoundStream(soundstream_24khz())


def test_it_scales_from_3_to_18_kbps(published):
    spec = published.spec
    assert (spec.rate, spec.frame, spec.frame_rate) == (24_000, 320, 75)
    assert (spec.bitrate(4), spec.bitrate()) == (3000, 18_000)
    assert spec.prefixes == tuple(range(1, 25))


def test_it_has_the_weights_that_its_page_says(published):
    parameters = sum(p.numel() for p in published.parameters())
    assert round(parameters / 1e6, 1) == 10.5


def test_its_latency_is_a_frame(published):
    assert (published.encoder.stride_in, published.encoder.lookahead) == (320, 0)
    assert published.encoder.settled(320) == 1
    assert published.decoder.settled(1) == 320


@pytest.mark.parametrize("changes", [{}, {"unit_shortcut": True, "unit_shrink": 2}])
def test_facts_and_latency(changes):
    codec = tiny.soundstream(**changes)
    assert (codec.model.encoder.stride_in, codec.model.encoder.ratio) == (16, Fraction(1, 16))
    assert (codec.model.decoder.stride_in, codec.model.decoder.ratio) == (1, 16)
    assert codec.model.encoder.lookahead == codec.model.decoder.lookahead == 0
    x = torch.from_numpy(tiny.sound(160))[None]
    future = x.clone()
    future[..., 80:] = torch.nan
    clean = codec.model.encoder(x.transpose(1, 2))[:, :5]
    torch.testing.assert_close(codec.model.encoder(future.transpose(1, 2))[:, :5], clean)


def test_training_draws_a_number_of_levels_for_each_item():
    codec = tiny.soundstream(prefixes=(1, 4)).model.train()
    x = torch.from_numpy(tiny.sound(64)).repeat(40, 1, 1)
    torch.manual_seed(0)
    audio = codec(x).audio.detach()
    assert len({round(float(item.abs().sum()), 4) for item in audio}) == 2


def test_every_level_comes_nearer_to_the_latent():
    codec = tiny.soundstream()
    z = codec.model.encoder(torch.from_numpy(tiny.sound(3200)).reshape(1, -1, 1)).detach()
    codes = codec.model.quantizer.encode(z)
    left = [
        float((z - codec.model.quantizer.decode(codes[:, :n])).square().mean())
        for n in (1, 2, 3, 4)
    ]
    assert left == sorted(left, reverse=True)


def test_building_by_name_checks_every_key():
    values = asdict(soundstream_tiny())
    assert build("soundstream", values).config == soundstream_tiny()
    assert build("soundstream", {**values, "strides": [2, 8]}).config == soundstream_tiny()
    with pytest.raises(ModelError, match='no key config.filter; nearest: "filters"'):
        build("soundstream", {"filter": 3})
    with pytest.raises(ModelError, match="config.filters is 'many'; wanted int"):
        build("soundstream", {"filters": "many"})
    with pytest.raises(ModelError, match='no architecture named "encodecs"; nearest: "encodec"'):
        build("encodecs", {})
