"""Use of tokens over recordings: four bitrates that keep their order, and worked counts."""

import io
from dataclasses import replace

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.evaluate import token_use
from vocable.testing.token_examples import tokens as examples
from vocable.tokens import AudioTokens, Level, Source, TokenSpec, coded_bytes, write_tokens

SPEC = TokenSpec("made-up@1:0a1b", 16_000, 160, 1, (Level(4), Level(1024)), (1, 2))


def made(*stacks, source=None) -> AudioTokens:
    return AudioTokens(SPEC, [np.atleast_2d(stack) for stack in stacks], source=source)


def drawn(frames: int, seed: int = 0, streams: int = 1, most: int = 1024) -> AudioTokens:
    random = np.random.default_rng(seed)
    return made(*(random.integers(min(n, most), size=(streams, frames)) for n in (4, 1024)))


def test_counts_are_of_the_whole_set():
    use = token_use([made([0, 0, 1], [5, 5, 5]), made([3], [7])])
    assert [level.tokens for level in use.levels] == [4, 4]
    assert use.levels[0].counts.tolist() == [2, 1, 0, 1] and use.levels[0].used == 0.75
    assert use.levels[0].entropy == 1.5 and use.levels[0].perplexity == pytest.approx(2**1.5)
    assert use.levels[1].repeat_rate == 0.5 and use.levels[0].repeat_rate == 0.25
    assert use.levels[1].chance_agreement == 10 / 16
    assert use.recordings == 2 and use.seconds == use.spec.seconds(4)


def test_bitrates_of_a_worked_example():
    """100 frames a second: 2 and 10 bit by name, 1.5 and 0.81 bit by frequency."""
    rates = token_use([made([0, 0, 1], [5, 5, 5]), made([3], [7])]).bitrates
    assert rates.nominal == pytest.approx(1200)
    assert rates.entropy == pytest.approx(150 + 100 * (2 - 0.75 * np.log2(3)))


@pytest.mark.parametrize("kind", examples())
def test_the_nominal_rate_is_that_of_the_tokens(kind):
    tokens = examples()[kind]
    rates = token_use([tokens, tokens]).bitrates
    if tokens.spec.segment is None and tokens.spec.uniform:  # else the last tokens are cut short
        assert rates.nominal == pytest.approx(float(tokens.bitrate))
    assert 0 < rates.entropy <= rates.nominal * (1 + 1e-9)
    assert rates.language is None


def test_flat_codes_cost_what_they_are_named():
    flat = token_use([drawn(20_000)]).bitrates
    assert flat.coded == pytest.approx(flat.nominal, rel=0.005)
    assert flat.entropy == pytest.approx(flat.nominal, rel=0.005)


def test_a_file_of_skewed_codes_comes_near_their_entropy():
    rates = token_use([drawn(20_000, most=3)]).bitrates
    assert rates.entropy <= rates.coded <= 1.05 * rates.entropy + 8 * 1100 / 200  # its tables


@pytest.mark.parametrize("kind", examples())
def test_coded_bytes_are_those_of_the_file_without_its_frame(kind):
    """A file is its codes, and what depends on the kind and the number of chunks alone."""
    for tokens in (examples(8)[kind], examples(800)[kind]):
        file = io.BytesIO()
        write_tokens(file, tokens)
        assert 100 < len(file.getvalue()) - coded_bytes(tokens) < 900


def test_the_frame_of_a_file_does_not_grow_with_its_codes():
    def frame(tokens: AudioTokens) -> int:
        file = io.BytesIO()
        write_tokens(file, tokens)
        return len(file.getvalue()) - coded_bytes(tokens)

    assert frame(drawn(990)) - frame(drawn(300)) == pytest.approx(0, abs=4)
    assert frame(drawn(990, most=2)) - frame(drawn(990)) == pytest.approx(0, abs=30)


def test_streams_are_counted_together():
    one, two = token_use([drawn(50)]), token_use([drawn(50, streams=2)])
    assert two.bitrates.nominal == pytest.approx(2 * one.bitrates.nominal)
    assert two.seconds == one.seconds


def test_seconds_are_those_of_the_recordings():
    tokens = made([0, 1], [2, 3], source=Source(200, 16_000, 1))
    assert token_use([tokens]).seconds == tokens.seconds == tokens.source.seconds


def test_a_language_model_is_asked_for_each_recording():
    asked = []

    def bits(tokens: AudioTokens) -> float:
        asked.append(tokens)
        return 3.0 * tokens.frames

    recordings = [drawn(50), drawn(30, seed=1)]
    assert token_use(recordings, bits).bitrates.language == pytest.approx(300)
    assert asked == recordings


def test_tokens_that_are_not_of_one_kind_are_refused():
    with pytest.raises(MeasureError, match="recordings that have some, got none"):
        token_use([])
    with pytest.raises(MeasureError, match="recordings that have some, got none"):
        token_use([made(*np.zeros((2, 0), int))])
    other = AudioTokens(replace(SPEC, space="other@1:0b"), drawn(3).stacks)
    for wrong in (other, drawn(3).first(1)):
        with pytest.raises(MeasureError, match="those before them 2 of made-up@1:0a1b"):
            token_use([drawn(3), wrong])
