"""The transform codec: an exact front end, attacks, a plan both sides agree on, hard sounds."""

import math
from dataclasses import replace

import pytest
import torch

from vocable.codecs import Codec
from vocable.codecs.latency import latency_of
from vocable.codecs.transform import Transform, TransformConfig
from vocable.codecs.transform_attack import CODES, PLACES, Attacks
from vocable.codecs.transform_plan import FLOOR, Plan, cut
from vocable.codecs.transform_signal import Lapped, Unlapped, dct4
from vocable.errors import ModelError
from vocable.testing.codec_examples import filled, voice
from vocable.testing.tiny_configs import transform_tiny

FRAME, OVERLAP = 80, 16


@pytest.fixture(scope="module")
def codec() -> Codec:
    torch.manual_seed(0)
    return Codec(filled(Transform(transform_tiny())))


def front() -> tuple[Lapped, Unlapped]:
    return (kind(FRAME, OVERLAP, Attacks(FRAME)) for kind in (Lapped, Unlapped))


def test_the_shipped_sizes_keep_their_promises():
    model = Transform(TransformConfig())
    spec = model.spec
    assert (spec.rate, spec.frame, spec.channels) == (48_000, 960, 1)
    assert [spec.bitrate(n) for n in (spec.prefixes[0], 48)] == pytest.approx([1748, 23748], abs=1)
    assert str(latency_of(model)) == "30.0 ms, first sound after 25.0 ms"
    assert model.encoder.lookahead == 240, "5 ms"
    assert model.decoder.settled(1) == 960 - 240, "5 ms"


def test_dct4_is_its_definition_and_its_own_inverse():
    x, steps = torch.randn(3, 40), torch.arange(40, dtype=torch.float64) + 0.5
    matrix = (2 / 40) ** 0.5 * torch.cos(math.pi / 40 * steps[:, None] * steps)
    assert torch.allclose(dct4(x), (x.double() @ matrix).float(), atol=1e-5)
    assert torch.allclose(dct4(dct4(x)), x, atol=1e-5)


def test_an_inner_frame_is_the_mdct_of_its_window():
    lapped, _ = front()
    x = torch.randn(1, 4 * FRAME, 1)
    rows = lapped(x)[0, :, :-1]
    place = (torch.arange(2 * OVERLAP, dtype=torch.float64) + 0.5) / (2 * OVERLAP)
    rise = torch.sin(math.pi / 2 * torch.sin(math.pi / 2 * place) ** 2)
    window = torch.cat([rise, torch.ones(FRAME - 2 * OVERLAP), rise.flip(0)])
    time = torch.arange(-OVERLAP, FRAME + OVERLAP, dtype=torch.float64) + 0.5
    bins = torch.arange(FRAME, dtype=torch.float64) + 0.5
    basis = (2 / FRAME) ** 0.5 * torch.cos(math.pi / FRAME * time[:, None] * bins)
    part = x[0, FRAME - OVERLAP : 2 * FRAME + OVERLAP, 0].double() * window
    assert torch.allclose(rows[1], (part @ basis).float(), atol=1e-5)


@pytest.mark.parametrize("loud_from", [0, 333])
def test_samples_come_back_and_the_energy_is_theirs(loud_from):
    lapped, unlapped = front()
    x = torch.randn(2, 10 * FRAME, 1)
    x[:, :loud_from] *= 0.003
    rows = lapped(x)
    assert torch.allclose(unlapped(rows), x, atol=1e-5)
    attacked = bool((rows[..., -1] > 0).any())
    assert attacked == (loud_from > 0)
    if not attacked:
        assert rows.square().sum() == pytest.approx(x.square().sum().item(), rel=1e-5)


def test_any_codes_of_attacks_are_a_gain_that_is_never_below_one_and_falls_back_to_it():
    attacks = Attacks(FRAME)
    codes = torch.cat([torch.arange(CODES), torch.zeros(2, dtype=torch.int64)])[None]
    gain, last = attacks.decode(codes, torch.zeros(1))
    assert gain.shape == (1, (CODES + 2) * FRAME)
    assert gain.min() >= 1 and torch.all(gain[:, -FRAME:] == 1) and last == 0


def test_an_attack_is_found_where_it_is():
    attacks = Attacks(FRAME)
    x = 1e-3 * torch.randn(1, 6 * FRAME)
    at = 3 * FRAME + 4 * FRAME // PLACES
    x[:, at:] *= 500
    _, codes, _ = attacks.encode(x, attacks.start(torch.zeros(1, 1)))
    assert codes[0].nonzero().tolist() == [[3]]
    assert (codes[0, 3] - 1) % PLACES == 4


def test_levels_go_where_the_envelope_is():
    bands, units = cut(((32, 8), (80, 16))), cut(((32, 8), (64, 16)))
    plan = Plan(bands, units, [0, 4, 7], 2, 50.0)
    envelope = torch.full((7,), FLOOR)
    envelope[1] = -3.0
    unit, group = 1, len(units) - 1  # the unit of the second band; the first group holds the band
    first = plan.order(envelope, 4) // plan.stages
    assert set(first.tolist()) == {unit, group}


def test_a_tone_among_louder_bands_gets_a_level_before_them():
    bands, units = cut(((80, 8),)), cut(((80, 8),))
    plan = Plan(bands, units, [0, 5, 10], 2, 250.0)  # 2 kHz a band
    slope = torch.linspace(-3, -8, 10)
    assert 7 not in plan.order(slope, 5) // plan.stages
    slope[7] += 4.0
    assert 7 in plan.order(slope, 5) // plan.stages


def test_a_prefix_of_the_plan_is_the_plan_of_a_prefix():
    plan = Plan(cut(((32, 8), (80, 16))), cut(((32, 8), (64, 16))), [0, 4, 7], 2, 50.0)
    envelope = -torch.randint(0, 17 * 64, (50, 7)) / 64
    assert torch.equal(plan.order(envelope, 9)[:, :5], plan.order(envelope, 5))


def test_a_stream_gets_a_frame_as_soon_as_the_look_ahead_is_in(codec):
    x = voice(codec, 1, 3 * FRAME)
    codes, state = codec.encode_step(x[..., : FRAME + OVERLAP - 1], codec.start_encoding())
    assert codes[0].shape == (1, 0)
    codes, state = codec.encode_step(x[..., FRAME + OVERLAP - 1 : FRAME + OVERLAP], state)
    assert codes[0].shape == (1, 1)
    rest, state = codec.encode_step(x[..., FRAME + OVERLAP :], state)
    joined = zip(codec.to_codes(x), codes, rest, codec.finish_encoding(state), strict=True)
    assert all(torch.equal(whole, torch.cat(parts, dim=1)) for whole, *parts in joined)


def test_silence_comes_back_as_silence_even_where_none_was_learned(codec):
    x = torch.cat([voice(codec, 1, 1600), torch.zeros(1, 1, 800)], 2)
    y = codec.from_codes(codec.to_codes(x))
    assert y[..., :1600].any() and not y[..., 1600 + 2 * FRAME :].any()


def test_more_levels_are_nearer_to_the_samples(codec):
    x = voice(codec, 2, 8000)
    errors = [
        (codec.from_codes(codec.to_codes(x, n)) - x).square().mean() for n in codec.spec.prefixes
    ]
    assert errors == sorted(errors, reverse=True)


def test_sizes_that_make_no_transform_are_refused():
    for change in ({"frame": 81}, {"overlap": 40}, {"bands": ((32, 8), (64, 16))}):
        with pytest.raises(ModelError, match="wanted"):
            Transform(replace(transform_tiny(), **change))
