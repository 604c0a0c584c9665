"""The channel vocoder: a vocoder before any training, level apart from all else, silence silent."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.channel_rows import BandRows, LevelRows, band_shape
from vocable.codecs.channel_vocoder import ChannelVocoder, ChannelVocoderConfig
from vocable.codecs.level_contours import SILENCE
from vocable.errors import VocableError
from vocable.measures import stoi
from vocable.testing.codec_examples import filled, voice
from vocable.testing.tiny_configs import channel_vocoder_tiny

RATE = 16_000
RECORDING = Path(__file__).parents[2] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return Audio.read(RECORDING).mono().resample(RATE).samples[0, : 8 * RATE]


@pytest.fixture(scope="module")
def untrained(speech) -> Codec:
    """A vocoder that has seen one recording and made no step: networks add next to nothing."""
    torch.manual_seed(0)
    config = replace(channel_vocoder_tiny(), bands=24, contours=64, levels=128, dimensions=32)
    model = ChannelVocoder(replace(config, sizes=(128,) * 3))
    sound = torch.tensor(speech)[None, None]
    model.prepare([sound])
    model.eval()
    with torch.no_grad():
        rows = model.encoder(model._rows(sound[..., : 8 * RATE // 640 * 640]))
        model.quantizer.start_learning(rows.flatten(0, 1), per_step=1)
    model.quantizer.drop_learning()
    return Codec(model)


@pytest.fixture(scope="module")
def tiny() -> Codec:
    torch.manual_seed(0)
    return Codec(filled(ChannelVocoder(channel_vocoder_tiny())))


def level_db(samples: np.ndarray) -> float:
    return 10 * math.log10(float(np.mean(np.square(samples))))


def test_the_shipped_sizes_keep_their_promises():
    spec = ChannelVocoder(ChannelVocoderConfig()).spec
    assert spec.rate == RATE and spec.frame == 640
    assert [level.role for level in spec.levels] == ["prosody"] * 2 + ["acoustic"] * 6
    assert spec.prefixes == (3, 4, 5, 6, 7, 8)
    assert [spec.bitrate(n) for n in (4, 8)] == [1000, 2200]


def test_it_speaks_before_it_is_trained(untrained, speech):
    model = untrained.model
    with torch.no_grad():
        rows = model.encoder(model._rows(torch.tensor(speech)[None, None, : 123 * 640]))
        decoded = model.decoder(rows)[0, :, 0].numpy()
    speech = speech[: len(decoded)]
    assert stoi(speech, decoded, RATE) > 0.8
    assert abs(level_db(decoded) - level_db(speech)) < 1.5


@pytest.mark.parametrize("gain_db", [-30.0, -12.0])
def test_level_is_in_its_own_tokens(untrained, speech, gain_db):
    quiet = speech * 10 ** (gain_db / 20)
    loud, soft = (untrained.encode(x, rate=RATE) for x in (speech, quiet))
    same = (loud.codes == soft.codes).mean(axis=(0, 2))
    assert same[0] > 0.9 and same[2] > 0.9, "pitch and the first shape do not change"
    assert same[1] < 0.5, "loudness does"
    change = level_db(untrained.decode(soft).samples) - level_db(untrained.decode(loud).samples)
    assert change == pytest.approx(gain_db, abs=1.5), "a book of 128 contours is coarse"


def test_silence_gives_silence(untrained):
    tokens = untrained.encode(np.zeros(RATE, np.float32), rate=RATE)
    assert set(tokens.codes[0, 1]) == {0}
    assert not untrained.decode(tokens).samples.any()


def test_latency_is_a_frame_and_ten_milliseconds(tiny):
    z = torch.zeros(1, 1, tiny.model.quantizer.dim)
    out, _ = tiny.model.decoder.step(z, tiny.model.decoder.initial_state(1))
    assert out.shape[1] == 640 - 160 and tiny.model.encoder.lookahead == 0


def test_pitch_is_read_and_moved(untrained, speech):
    tokens = untrained.encode(speech, rate=RATE)
    moved = untrained.shift_pitch(tokens, 3.0)
    before, after = untrained.pitch(tokens)[0], untrained.pitch(moved)[0]
    change = 12 * (after / before).log2()[(before > 0) & (after > 0)]
    assert float(change.median()) == pytest.approx(3.0, abs=1.0)
    assert np.array_equal(moved.codes[:, 1:], tokens.codes[:, 1:])


@torch.no_grad()
def test_calibrated_it_is_as_loud_as_what_went_in(untrained, speech):
    model = copy.deepcopy(untrained.model)
    sound = torch.tensor(speech)[None, None]
    model.decoder.head.bias.sub_(0.1)  # nepers, 0.87 dB
    model.calibrate([sound, torch.zeros_like(sound)])
    codes = model.to_codes(sound).stacked()
    found = [level_db(model.from_codes(codes[:, :n])[0, 0].numpy()) for n in model.spec.prefixes]
    assert np.mean(found) == pytest.approx(level_db(speech), abs=0.05)
    before = model.decoder.head.bias.clone()
    model.calibrate([torch.zeros_like(sound)])
    assert torch.equal(model.decoder.head.bias, before)


def test_a_prefix_without_a_shape_is_refused(tiny):
    with pytest.raises(VocableError, match="3, 4, 5"):
        tiny.encode(np.zeros(RATE, np.float32), rate=RATE, levels=2)


def test_training_reaches_every_weight():
    torch.manual_seed(0)
    model = ChannelVocoder(channel_vocoder_tiny())
    sound = voice(Codec(model), 4, 4 * RATE)
    model.prepare([sound])
    model.train()
    torch.nn.init.normal_(model.encoder.more.weight, std=0.1)  # it starts at 0: nothing comes back
    for _ in range(2):  # the first fills the k-means start
        found = model(sound)
    (found.audio.square().mean() + sum(found.losses.values())).backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]


def test_bands_add_up_to_one_at_every_bin():
    shape = band_shape(32, 161, RATE)
    assert torch.allclose(shape.sum(0), torch.ones(161)) and bool((shape >= 0).all())
    assert bool((shape.sum(1) > 0).all()), "a band without a bin would be nothing"


def test_levels_are_those_of_a_tone_and_of_silence():
    tone = 0.1 * torch.sin(2 * torch.pi * 440 * torch.arange(RATE) / RATE)
    found = LevelRows(160)(tone[None, :, None])[0, 2:, 0]
    assert torch.allclose(found, torch.full_like(found, -23.01), atol=0.3)
    assert torch.allclose(LevelRows(160)(torch.zeros(1, 640, 1)), torch.tensor(SILENCE))


@pytest.mark.parametrize("gain", [0.02, 0.5])
def test_bands_do_not_change_with_the_level(speech, gain):
    x = torch.tensor(speech)[None, :32_000, None]
    found, scaled = BandRows(RATE, 160, 32)(x), BandRows(RATE, 160, 32)(gain * x)
    loud = LevelRows(160)(x)[..., 0] > -45
    assert float((found - scaled)[loud].abs().max()) < 0.02
