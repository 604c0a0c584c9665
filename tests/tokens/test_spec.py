"""A spec turns samples into frames as the codecs it describes do, and has one JSON form."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import specs
from vocable.audio import Audio
from vocable.errors import TokenError
from vocable.tokens import Latent, Level, Segment, Side, Source, Span, TokenSpec

TWO = (Level(1024), Level(1024))
SPEECH = TokenSpec("speech-16k@1:0a1b", 16_000, 640, 1, TWO, (1, 2))
SNAC = TokenSpec("snac@1:0a", 24_000, 512, 1, (Level(4096, 4), Level(4096, 2), Level(4096)),
                 (1, 2, 3))  # fmt: skip
HUBERT = TokenSpec("hubert@1:0a", 16_000, 320, 1, (Level(500, role="semantic"),), (1,), window=400)
ENCODEC48 = TokenSpec("encodec-48khz@1:0a", 48_000, 320, 2, TWO, (1, 2),
                      sides=(Side("scale", (), "float32", "segment"),),
                      segment=Segment(48_000, 47_520))  # fmt: skip


@pytest.mark.parametrize("samples, frames", [(0, 0), (1, 1), (640, 1), (641, 2), (16_000, 25)])
def test_frames_round_up(samples, frames):
    assert SPEECH.frames(samples) == frames


@pytest.mark.parametrize("samples", [0, 399, 400, 719, 720, 16_000, 16_400])
def test_semantic_units_need_a_whole_window(samples):
    assert HUBERT.frames(samples) == max(0, (samples - 400) // 320 + 1)


@given(st.integers(0, 500_000))
def test_segments_are_those_of_encodec(samples):
    """The reference loops over offsets and codes what is left of each piece."""
    loop = []
    for offset in range(0, samples, 47_520):
        piece = min(48_000, samples - offset)
        loop.append(-(-piece // 320))
    assert list(ENCODEC48.segments(samples)) == loop
    assert ENCODEC48.frames(samples) == sum(loop)


@given(specs(), st.integers(0, 3000))
def test_segments_add_up(spec, samples):
    assert sum(spec.segments(samples)) == spec.frames(samples)
    assert sum(spec.split(spec.frames(samples))) == spec.frames(samples)


def test_levels_of_coarser_rates_round_up():
    assert [SNAC.frames_of(k, 9) for k in range(3)] == [3, 5, 9]
    assert SNAC.step == 4


def test_a_bit_rate_chooses_the_levels():
    assert [SNAC.levels_at(kbps) for kbps in (0.14, 0.42, 0.98)] == [1, 2, 3]
    assert [ENCODEC48.levels_at(kbps) for kbps in (1.5, 3, 3.03)] == [1, 2, 2]
    assert SPEECH.levels_at(0.25) == 1


@pytest.mark.parametrize(
    ("kbps", "near"),
    [
        (0.3, "0.25 kbps with 1 of its levels and 0.50 kbps with 2 of its levels"),
        (6, "0.50 kbps with 2 of its levels"),
        (0.1, "0.25 kbps with 1 of its levels"),
    ],
)
def test_a_bit_rate_that_is_not_there_names_the_nearest(kbps, near):
    with pytest.raises(TokenError, match=f"^speech-16k has no {kbps} kbps; nearest: {near}$"):
        SPEECH.levels_at(kbps)


def test_a_frame_spans_its_samples():
    assert SPEECH.span(2) == Span(1280, 1920)
    assert HUBERT.span(2) == Span(640, 1040)
    assert ENCODEC48.span(150) == Span(47_520, 47_840)
    assert ENCODEC48.span(149) == Span(47_680, 48_000)


def test_rates_are_exact():
    assert SPEECH.bitrate() == 500 and SPEECH.bitrate(1) == 250
    assert SNAC.bitrate() == Fraction(24_000, 512) * 12 * Fraction(7, 4)
    assert SNAC.tokens_per_second() == Fraction(2625, 32)
    assert ENCODEC48.frame_rate == Fraction(48_000 * 150, 47_520)
    assert replace(SPEECH, out_rate=24_000).writes == 24_000 and SPEECH.writes == 16_000


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_samples_are_those_of_the_resampler(rate):
    for samples in [*range(20, 60), 4001, 44_101]:
        resampled = Audio(np.zeros((1, samples), np.float32), rate).resample(16_000)
        assert SPEECH.samples(Source(samples, rate)) == resampled.samples.shape[1], samples


def test_the_shortest_recording_is_a_sample():
    assert SPEECH.samples(Source(0, 96_000)) == 0
    assert SPEECH.samples(Source(1, 96_000)) == 1


@given(specs())
def test_json_gives_back_the_spec(spec):
    text = json.dumps(spec.to_dict())
    again = TokenSpec.from_dict(json.loads(text))
    assert again == spec
    assert json.dumps(again.to_dict()) == text


def test_json_is_short():
    spec = replace(SPEECH, levels=(Level(1024, role="prosody"), *TWO), prefixes=(1, 3))
    assert spec.to_dict() == {
        "space": "speech-16k@1:0a1b", "rate": 16_000, "frame": 640,
        "levels": [[1, 1024, 1, "prosody"], [2, 1024]], "prefixes": [[1, 1], [3, 3]],
    }  # fmt: skip


@pytest.mark.parametrize(
    "change, message",
    [
        ({"space": "speech"}, "space must read name@version:digest"),
        ({"rate": 0}, "rate must be an integer from 1 to .*, got 0"),
        ({"frame": True}, "frame must be an integer"),
        ({"levels": ()}, "levels must be 1 to 256 Level values, got 0"),
        ({"levels": TWO * 129, "prefixes": (258,)}, "levels must be 1 to 256"),
        ({"prefixes": (2, 1)}, "prefixes must ascend"),
        ({"prefixes": (1,)}, "prefixes must ascend from 1 or more to 2"),
        ({"sides": (Side("a"), Side("a"))}, "with different names, got 2: a, a"),
        ({"sides": (Side("a", per="segment"),)}, "needs a segment"),
        ({"window": 400, "segment": Segment(6400, 6400)}, "not both"),
        ({"levels": (Level(2, 3), Level(2)), "segment": Segment(6400, 6400)}, "a multiple of 3"),
        ({"levels": (Level(2), Latent(3))}, r"Level values, got 2 \(or 1 Latent alone\)"),
        ({"levels": (Latent(3),), "prefixes": (1,), "window": 9}, "neither a segment nor a window"),
    ],
)
def test_refused(change, message):
    with pytest.raises(TokenError, match=message):
        replace(SPEECH, **change)


@pytest.mark.parametrize(
    "part, given, message",
    [
        (Level, (1,), "level size must be an integer from 2"),
        (Level, (1 << 25,), "level size"),
        (Level, (2, 0), "level stride"),
        (Latent, (0,), "latent dim must be an integer from 1"),
        (Latent, (4, "noise"), "latent role must be one of acoustic"),
        (Level, (2, 1, "noise"), "level role must be one of acoustic, semantic, prosody"),
        (Side, ("not a name",), "side name must be an identifier"),
        (Side, ("a", (1 << 20,)), "each axis of shape"),
        (Side, ("a", (), "complex64"), "dtype must be one of"),
        (Segment, (100, 101), "segment hop"),
        (Segment, (1000, 1), "segment hop must be an integer from 16 to 1000"),
        (Source, (-1, 16_000), "source samples"),
        (Source, (1, 16_000, 0), "source channels"),
    ],
)
def test_parts_refused(part, given, message):
    with pytest.raises(TokenError, match=message):
        part(*given)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"colour": 1}, "unknown keys colour; known are channels"),
        ({"levels": 3}, "levels must be a list"),
        ({"levels": [[2]]}, r"runs of \[count, size, stride, role\]"),
        ({"levels": [[1, 2, 1, "acoustic", 5]]}, "runs of"),
        ({"levels": [[10**9, 2]]}, "got a run of 1000000000"),
        ({"prefixes": [[1, 10**9]]}, "prefixes must be runs"),
        ({"segment": [1]}, r"\[length, hop\]"),
        ({"sides": [{"name": "a"}]}, "a side's shape must be a list"),
    ],
)
def test_json_refused(change, message):
    with pytest.raises(TokenError, match=message):
        TokenSpec.from_dict(SPEECH.to_dict() | change)


def test_missing_keys_are_named():
    with pytest.raises(TokenError, match="it lacks levels, space"):
        TokenSpec.from_dict({"rate": 1, "frame": 1})


FLOATS = replace(SPEECH, levels=(Latent(64, "semantic"),), prefixes=(1,))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"latent": []}, r"latent must be \[dim, role\], got \[\]"),
        ({"latent": "64"}, "latent must be a list, got str"),
        ({"latent": [64.0]}, "latent dim must be an integer"),
        ({"latent": [64], "levels": [[1, 8]]}, "has levels or a latent, not both"),
    ],
)
def test_latents_have_one_form_in_json(change, message):
    table = FLOATS.to_dict()
    assert table["latent"] == [64, "semantic"] and "levels" not in table
    assert TokenSpec.from_dict(json.loads(json.dumps(table))) == FLOATS
    with pytest.raises(TokenError, match=message):
        TokenSpec.from_dict(table | change)
