"""Law 5 for layouts: every order gives back the same tokens, and published orders are met."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.tokens.strategies import made, specs
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import (
    EMPTY,
    LAYOUTS,
    AudioTokens,
    Layout,
    Level,
    Segment,
    Source,
    TokenSpec,
    coarse_first,
    delay,
    fits,
    flatten,
    parallel,
)

EVERY = [*LAYOUTS.values(), delay((0, 5, 1, 3)), coarse_first((3, 0, 2))]
every_layout = pytest.mark.parametrize("layout", EVERY, ids=str)


@every_layout
@given(specs(), st.integers(0, 60), st.integers(1, 3), st.data())
def test_restore_undoes_arrange(layout, spec, frames, streams, data):
    kept = data.draw(st.sampled_from(spec.prefixes))
    some = made(spec, kept, streams, frames)
    grid = layout.arrange(some)
    assert grid.shape[2] == layout.steps(spec, some.frames, kept)
    assert layout.restore(grid, spec, kept, sides=some.sides) == some
    assert (grid != EMPTY).sum() == sum(codes.size for codes in some.stacks)


@every_layout
@given(specs(segmented=False), st.integers(0, 200), st.data())
def test_what_fits_is_the_most_that_fits(layout, spec, steps, data):
    kept = data.draw(st.sampled_from(spec.prefixes))
    frames = layout.max_frames(spec, steps, kept)
    assert layout.steps(spec, frames, kept) <= steps
    more = frames + spec.step
    assert layout.steps(spec, more, kept) > steps


@every_layout
def test_rate_is_that_of_long_audio(layout):
    for spec in (SPEECH, SNAC):
        seconds = 10_000
        frames = spec.frames(seconds * spec.rate)
        assert layout.steps(spec, frames) / seconds == pytest.approx(
            float(layout.rate(spec)), rel=1e-3
        )


def test_snac_has_the_order_of_orpheus():
    some = AudioTokens(SNAC, ([[0]], [[10, 11]], [[20, 21, 22, 23]]))
    assert flatten().arrange(some)[0, 0].tolist() == [0, 10, 20, 21, 11, 22, 23]


def test_flatten_is_frame_by_frame():
    """s[t·K + k] = c[k, t]"""
    some = made(SPEECH, 2, 1, 5)
    codes = some.codes[0]
    assert (flatten().arrange(some)[0, 0] == codes.T.reshape(-1)).all()


def test_delay_is_that_of_musicgen():
    some = AudioTokens(SPEECH, ([[1, 2, 3]], [[4, 5, 6]]))
    assert delay().arrange(some)[0].tolist() == [[1, 2, 3, EMPTY], [EMPTY, 4, 5, 6]]
    assert parallel().arrange(some)[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert delay((2, 0)).arrange(some)[0].tolist() == [
        [EMPTY, EMPTY, 1, 2, 3], [4, 5, 6, EMPTY, EMPTY]
    ]  # fmt: skip


def test_coarse_first_is_level_0_and_then_the_rest():
    some = AudioTokens(SPEECH, ([[1, 2]], [[4, 5]]))
    e = EMPTY
    assert coarse_first().arrange(some)[0].tolist() == [[1, 2, e, e], [e, e, 4, 5]]
    assert coarse_first((1,)).arrange(some)[0].tolist() == [[1, 2, e, e, e], [e, e, e, 4, 5]]
    assert coarse_first().arrange(some.first(1))[0].tolist() == [[1, 2]]


def test_coarse_levels_stand_where_they_begin():
    some = AudioTokens(SNAC, ([[0]], [[10, 11]], [[20, 21, 22, 23]]))
    e = EMPTY
    assert parallel().arrange(some)[0].tolist() == [
        [0, e, e, e], [10, e, 11, e], [20, 21, 22, 23]
    ]  # fmt: skip


def test_a_source_comes_back_when_it_is_given():
    source = Source(9 * 512 - 5, 24_000)
    some = made(SNAC, 3, 1, 9, 9 * 512 - 5, source)
    assert flatten().restore(flatten().arrange(some), SNAC, source=source) == some


def test_how_much_fits_into_a_context():
    found = {fit.layout: fit for fit in fits(SPEECH, 4096)}
    assert list(found) == ["flatten", "parallel", "delay", "coarse_first"]
    assert found["flatten"].tokens_per_second == 50
    assert found["flatten"].seconds == Fraction(2048, 25)
    assert found["parallel"].seconds == Fraction(4096, 25)
    assert found["delay"].seconds == Fraction(4095, 25)
    assert found["coarse_first"].seconds == Fraction(2048, 25)
    assert fits(SPEECH, 4096, 1)[0].seconds == Fraction(4096, 25)
    assert fits(SPEECH, 1 << 40)[0].seconds > 10**10  # no array of that length is made


@given(specs(segmented=True), st.integers(0, 60))
def test_segments_are_laid_out_too(spec, frames):
    assume(frames)
    some = made(spec, len(spec.levels), 1, frames)
    assert flatten().restore(flatten().arrange(some), spec, sides=some.sides) == some


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: Layout("spiral"), "layout must be one of flatten, parallel, delay, coarse_first"),
        (lambda: Layout("flatten", (1,)), "layout flatten has no delays"),
        (lambda: delay((-1,)), "a delay must be an integer from 0"),
        (lambda: delay((1,)).arrange(made(SPEECH, 2, 1, 3)), "layout delay needs 2 delays, got 1"),
        (lambda: flatten().restore(np.zeros((1, 1, 5), int), SPEECH),
         "5 steps are not a whole number of frames in flatten; 2 frames take 4"),
        (lambda: parallel().restore(np.zeros((1, 3, 5), int), SPEECH), "must have 2 rows, got 3"),
        (lambda: parallel().restore(np.zeros((2, 5), int), SPEECH), r"got int64 of shape \[2, 5\]"),
        (lambda: parallel().restore(np.full((1, 2, 5), 0.9), SPEECH), "must be integers"),
        (lambda: delay().restore(np.zeros((1, 2, 5), int), SPEECH),
         r"delay must have EMPTY \(-1\) at stream 0, row 0, step 4, got 0"),
        (lambda: parallel().restore(np.full((1, 2, 5), EMPTY), SPEECH),
         "parallel must have a code at stream 0, row 0, step 0, got -1"),
        (lambda: flatten().arrange(made(SPEECH, 2, 1, 3, lasting=True)), "no durations"),
        (lambda: fits(SPEECH, 0), "context must be an integer from 1"),
    ],
)  # fmt: skip
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()


def test_segments_that_cannot_be_told_apart_are_refused():
    levels = (Level(8, 4), Level(8))
    spec = TokenSpec("pieces@1:ab", 16_000, 1, 1, levels, (2,), segment=Segment(12, 8))
    some = made(spec, 2, 1, 36, 26, Source(26, 16_000))
    assert some.segments == (12, 12, 10, 2)
    with pytest.raises(TokenError, match="no short segment before the last"):
        flatten().arrange(some)
