"""The flow behind the speech codec: its tokens, its decoder where gains are 0, what is drawn."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from vocable.codecs import build
from vocable.codecs.channel_rows import band_shape
from vocable.codecs.channel_vocoder import ChannelVocoder
from vocable.codecs.flow_vocoder import FlowVocoder
from vocable.codecs.latency import latency_of
from vocable.errors import ModelError
from vocable.load import load_codec
from vocable.nn import seeded_noise
from vocable.testing.codec_examples import small_codec, voice
from vocable.testing.tiny_configs import channel_vocoder_tiny, flow_vocoder_tiny


@pytest.fixture
def codec():
    return small_codec("flow-vocoder")


def plain(model: FlowVocoder) -> ChannelVocoder:
    """Return the codec without its flow."""
    made = ChannelVocoder(channel_vocoder_tiny())
    made.quantizer.drop_learning()
    own = model.state_dict()
    made.load_state_dict({key: own[key] for key in made.state_dict()})
    return made.eval()


def silenced(model: FlowVocoder) -> FlowVocoder:
    """Let velocities be 0, so that gains are the noise that is drawn."""
    with torch.no_grad():
        for part in model.decoder.flow.out.parameters():
            part.zero_()
    return model


@torch.no_grad()
def test_without_noise_and_velocities_it_is_the_decoder_s_own(codec):
    model = silenced(codec.model)
    model.flow.draw = None
    codes = model.to_codes(voice(codec, 2, 16_000))
    assert torch.equal(model.from_codes(codes), plain(model).from_codes(codes))


@torch.no_grad()
def test_gains_raise_the_bands_that_they_are_of(codec):
    """A gain of g in every band is exp(g · spread) times the sound; of one, only its bins."""
    decoder = codec.model.decoder
    spectra = torch.randn(1, 5, decoder.bins, dtype=torch.complex64)
    gains = torch.full((1, 5, decoder.drawn), 0.8)
    raised = decoder.raised(spectra, gains)
    assert torch.allclose(raised, spectra * np.exp(0.8 * decoder.spread), rtol=1e-5)
    assert torch.allclose(
        decoder.bands_of(raised) - decoder.bands_of(spectra), decoder.spread * gains, atol=1e-4
    )
    gains[..., 1:] = 0
    low = decoder.raised(spectra, gains)
    assert not torch.allclose(low[..., 0], spectra[..., 0])
    assert torch.equal(low[..., decoder.bins // 2 :], spectra[..., decoder.bins // 2 :])
    assert not decoder.raised(torch.zeros_like(spectra), gains).any()


@torch.no_grad()
def test_a_seed_repeats_and_another_reads_the_tokens_otherwise(codec):
    tokens = codec.encode(voice(codec, 1, 16_000)[0].numpy(), rate=codec.rate)
    first = codec.decode(tokens)
    assert codec.decode(tokens) == first
    codec.model.flow.draw = seeded_noise(7)
    other = codec.decode(tokens)
    assert len(other) == len(first) == 16_000 and other != first
    codec.model.flow.draw = seeded_noise(0)
    codec.model.flow.steps = 5
    more = codec.decode(tokens)
    assert more != first and len(more) == 16_000


def test_what_is_learnt_is_the_flow_alone_and_its_loss_ends_at_the_gains(codec):
    """Silence has no gains; the loss of a codec's own sound is that of gains of 0."""
    model = silenced(codec.model).train()
    learns = {name for name, value in model.named_parameters() if value.requires_grad}
    of_decoder = {name for name in learns if name.startswith("decoder.")}
    assert {name.split(".")[1] for name in of_decoder} == {"flow", "into_flow"}
    found = model(voice(codec, 2, 12_800))
    assert found.audio.shape == (2, 1, 12_800) and found.losses["flow"] > 0.5
    found.losses["flow"].backward()
    assert model.decoder.flow.out.weight.grad.abs().sum() > 0
    assert all(value.grad is None for value in model.decoder.head.parameters())
    assert model(torch.zeros(1, 1, 6400)).losses["flow"] == 0


@torch.no_grad()
def test_the_gains_that_are_learnt_make_bands_of_the_recording(codec):
    """At the end of every path the bands are those of what was encoded, as far as gains reach."""
    model, sound = codec.model, voice(codec, 1, 16_000)
    decoder = model.decoder
    z = model.quantizer(model.encoder(model._rows(sound))).z

    def ends(conditions, data):
        return torch.zeros_like(data), data

    decoder.flow.drawn = ends
    loss, y = decoder.learn(z, sound[:, 0])
    assert loss == 0
    wanted, without = (
        bands(decoder, x)
        for x in (sound[0, 0], plain(model).from_codes(model.to_codes(sound))[0, 0])
    )
    found = bands(decoder, y[0, : sound.shape[2], 0])
    near = (found - wanted).abs().mean()
    assert near < 0.6 * (without - wanted).abs().mean()


def bands(decoder, x):
    """Return the levels of bands of sound, without its quietest rows."""
    rows = torch.nn.functional.pad(x[: len(x) // 160 * 160], (160, 0)).unfold(0, 320, 160)
    found = decoder.bands_of(torch.fft.rfft(rows * torch.hann_window(320).sqrt())[None])
    return found[0].clamp(min=-5)


def test_it_streams_as_soon_as_the_codec_without_it(codec):
    assert str(latency_of(codec.model)) == str(latency_of(plain(codec.model)))


def test_it_is_made_over_a_codec_whose_tokens_it_keeps():
    speech = load_codec("speech-16k").model
    made = build("flow-vocoder", asdict(speech.config))
    assert made.spec.same_codes(replace(speech.spec, space=made.spec.space))
    added = made.state_dict().keys() - speech.state_dict().keys()
    assert all(
        key.startswith(("decoder.flow.", "decoder.into_flow.")) or "quantizer" in key
        for key in added
    )


def test_bands_between_bins_are_refused():
    with pytest.raises(ModelError, match="flow_bands is 41; a row of 161 bins tells 2 to 40 apart"):
        FlowVocoder(replace(flow_vocoder_tiny(), flow_bands=41))
    means = band_shape(40, 161, 16_000).sum(1)
    assert float(means.min()) > 0.5
