"""The speech codec: laws at toy size, pitch that can be read and moved, and what a prefix means."""

import numpy as np
import pytest
import torch

from vocable.codecs import Codec
from vocable.codecs.speech import Speech, SpeechConfig
from vocable.errors import VocableError

TINY = SpeechConfig(
    encoder_channels=16,
    encoder_blocks=1,
    latent=16,
    decoder_channels=16,
    decoder_blocks=1,
    contours=64,
    sizes=(32, 32, 32),
    dimensions=8,
)


def voice(hz: float, seconds: float) -> torch.Tensor:
    t = torch.arange(int(16_000 * seconds)) / 16_000
    return 0.05 * sum(torch.cos(2 * torch.pi * k * hz * t + k * k) for k in range(1, 30))


@pytest.fixture(scope="module")
def codec() -> Codec:
    torch.manual_seed(0)
    model = Speech(TINY)
    glide = torch.cat([voice(hz, 0.32) for hz in np.geomspace(80, 320, 40)])
    model.prepare([glide[None, None]])
    return Codec(model.eval().requires_grad_(False))


def test_the_shipped_sizes_keep_their_promises():
    spec = Speech(SpeechConfig()).spec
    assert spec.rate == 16_000 and spec.frame == 640
    assert spec.levels[0].role == "prosody" and {level.size for level in spec.levels} == {1024}
    assert spec.prefixes == (2, 3, 4, 5, 6, 7, 8)
    assert sum(level.bits for level in spec.levels) * 25 == 2000, "bits/s"


def test_latency_is_a_frame_and_ten_milliseconds(codec):
    x = voice(150, 0.4)[None, None]
    codes = codec.to_codes(x).stacked()
    rows = codec.model.quantizer.decode(codes)
    out, _ = codec.model.decoder.step(rows[:, :1], codec.model.decoder.initial_state(1))
    assert out.shape[1] == 640 - 160
    assert codec.model.encoder.lookahead == 0


def test_whole_equals_frame_by_frame(codec):
    x = voice(140, 0.8)[None, None] + 0.01 * torch.randn(1, 1, 12_800)
    codes = codec.to_codes(x).stacked()
    state, parts = codec.model.encoder.initial_state(1), []
    for frame in x.transpose(1, 2).split(640, dim=1):
        row, state = codec.model.encoder.step(frame, state)
        parts.append(codec.model.quantizer.encode(row))
    assert torch.equal(torch.cat(parts, dim=2), codes)
    state, parts = codec.model.decoder.initial_state(1), []
    for frame in codec.model.quantizer.decode(codes).split(1, dim=1):
        y, state = codec.model.decoder.step(frame, state)
        parts.append(y)
    parts.append(codec.model.decoder.finish(state))
    assert torch.allclose(torch.cat(parts, 1).transpose(1, 2), codec.from_codes(codes), atol=1e-5)


def test_pitch_can_be_read_from_tokens(codec):
    tokens = codec.encode(voice(150, 1.0).numpy(), rate=16_000)
    found = codec.pitch(tokens)[0, 16:-8]
    assert torch.all((found / 150).log2().abs() < 1 / 6), "two semitones: the toy book is coarse"


@pytest.mark.parametrize("semitones", [4.0, -4.0])
def test_shifted_tokens_speak_at_the_shifted_pitch(codec, semitones):
    tokens = codec.encode(voice(150, 1.0).numpy(), rate=16_000)
    moved = codec.shift_pitch(tokens, semitones)
    change = 12 * (codec.pitch(moved) / codec.pitch(tokens)).log2()[0, 16:-8]
    assert torch.all((change - semitones).abs() < 2)
    assert np.array_equal(moved.codes[:, 1:], tokens.codes[:, 1:]), "only the prosody level moves"
    assert moved.source == tokens.source


def test_a_prefix_without_an_envelope_is_refused(codec):
    tokens = codec.encode(voice(150, 0.2).numpy(), rate=16_000)
    assert codec.decode(tokens.first(2)).samples.shape == (1, 3200)
    with pytest.raises(VocableError, match="2, 3, 4"):
        tokens.first(1)
    with pytest.raises(VocableError, match="2, 3, 4"):
        codec.encode(voice(150, 0.2).numpy(), rate=16_000, levels=1)


def test_health_has_every_level_the_pitch_first(codec):
    x = voice(150, 1.0)[None, None]
    found = codec.model(x)
    use = found.health
    assert [len(c) for c in use.counts] == [level.size for level in codec.spec.levels]
    for level, counts in enumerate(use.counts):
        assert torch.equal(counts, found.codes[level][0].bincount(minlength=len(counts)).float())
    assert use.residual_db[0] == 0, "pitch takes nothing from the latent"
    latent = codec.model.quantizer.latent(codec.model.encoder(x.transpose(1, 2)))
    left = (
        latent - codec.model.quantizer.decode(found.codes.stacked()[:, :2])[..., : latent.shape[2]]
    )
    expected = 10 * torch.log10(left.square().sum() / latent.square().sum())
    assert use.residual_db[1] == pytest.approx(float(expected), abs=1e-4)


def test_decoding_repeats_to_the_bit(codec):
    codes = codec.to_codes(voice(150, 0.4)[None, None])
    assert torch.equal(codec.from_codes(codes), codec.from_codes(codes))


def test_noise_is_random_in_a_training_step_only():
    model = Speech(TINY).train()
    x = voice(200, 0.32)[None, None]
    codes = model.to_codes(x)
    with torch.no_grad():
        before = torch.get_rng_state()
        first, again = model.from_codes(codes), model.from_codes(codes)
        assert torch.equal(first, again) and torch.equal(before, torch.get_rng_state())
        assert torch.equal(first, model.eval().from_codes(codes))
    z = model.quantizer.decode(codes.stacked())
    model.train()
    assert not torch.equal(model.decoder(z), model.decoder(z))


@pytest.mark.parametrize("cast", [torch.float16, torch.bfloat16])
def test_windows_survive_a_cast_to_half_precision_and_back(codec, cast):
    """They are no weights: what is stored in half precision comes back as it was."""
    x = voice(200, 0.64)[None, None]
    model = Speech(TINY).eval()
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.copy_(tensor.to(cast))
        wanted = model.from_codes(model.to_codes(x))
        model.to(cast).float()
        assert torch.equal(model.from_codes(model.to_codes(x)), wanted)


def test_training_reaches_every_weight():
    torch.manual_seed(0)
    codec = Speech(TINY).train()  # the network alone
    codec.prepare([voice(150, 2.0)[None, None]])
    x = voice(150, 2.56).reshape(2, 1, -1)
    with torch.no_grad():
        for _ in range(40):  # fill the k-means start
            codec(x)
    found = codec(x)
    (found.audio.square().mean() + sum(found.losses.values())).backward()
    silent = [n for n, p in codec.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent
