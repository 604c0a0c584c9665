"""Law 5 for layouts: every order gives back the same tokens, and published orders are met."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
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
    Vocabulary,
    acoustic_delay,
    coarse_first,
    delay,
    depth,
    flatten,
    grouped,
    level_major,
    parallel,
)
from vocable.tokens.layouts import DIA_DELAYS, MUSICGEN_STEREO_DELAYS, clear, fill

EVERY = [
    *LAYOUTS.values(),
    *(delay((0, 5, 1, 3)), coarse_first((3, 0, 2)), acoustic_delay(4)),
    *(grouped((2, 1)), grouped((1,)), level_major((2, 1))),
]
every_layout = pytest.mark.parametrize("layout", EVERY, ids=str)
E = EMPTY


def plain(levels: int, strides=None, sizes=None) -> TokenSpec:
    """A spec of 100 frames/s."""
    strides, sizes = strides or [1] * levels, sizes or [1024] * levels
    parts = tuple(Level(size, stride) for size, stride in zip(sizes, strides, strict=True))
    return TokenSpec("plain@1:0a", 16_000, 160, 1, parts, tuple(range(1, levels + 1)))


def numbered(spec: TokenSpec, frames: int) -> AudioTokens:
    """Tokens whose codes are 10 × level + their number."""
    counts = [spec.frames_of(k, frames) for k in range(len(spec.levels))]
    return AudioTokens(spec, [10 * k + np.arange(n)[None] for k, n in enumerate(counts)])


@every_layout
@settings(max_examples=25)
@given(specs(), st.integers(0, 60), st.integers(1, 3), st.data())
def test_restore_undoes_arrange(layout, spec, frames, streams, data):
    kept = data.draw(st.sampled_from(spec.prefixes))
    some = made(spec, kept, streams, frames)
    grid = layout.arrange(some)
    assert grid.shape[2] == layout.steps(spec, some.frames, kept)
    assert grid.shape[1] == layout.rows(spec, kept)
    assert layout.restore(grid, spec, kept, sides=some.sides) == some
    assert (grid != EMPTY).sum() == sum(codes.size for codes in some.stacks)


@every_layout
@pytest.mark.parametrize("strides", [(1,), (8, 4, 2, 1), (6, 2, 2, 1), (1, 3), (2, 4)], ids=str)
@pytest.mark.parametrize("frames", [0, 1, 2, 7, 16])
def test_random_codes_come_back(layout, strides, frames):
    spec = plain(len(strides), strides)
    for levels in spec.prefixes:
        some = made(spec, levels, 2, frames)
        assert layout.restore(layout.arrange(some), spec, levels) == some


@every_layout
@pytest.mark.parametrize("frames", [0, 5, 8])
def test_ids_come_back(layout, frames):
    some = made(plain(3, (4, 2, 1)), 3, 2, frames)
    vocabulary = Vocabulary.of(some.spec, layout, text=100)
    assert vocabulary.from_ids(vocabulary.to_ids(some)) == some


@every_layout
def test_a_vocabulary_keeps_its_layout(layout, tmp_path):
    words = Vocabulary.of(plain(3), layout)
    words.save(tmp_path / "words.json")
    assert Vocabulary.load(tmp_path / "words.json") == words


@every_layout
def test_the_places_of_tokens_are_those_of_the_grid(layout):
    spec = plain(3, (4, 2, 1))
    some = numbered(spec, 13)
    positions = layout.positions(spec, 13)
    for k, codes in enumerate(some.stacks):
        at = positions.level == k
        assert (layout.arrange(some)[0][at] == codes[0][positions.index[at]]).all()


@every_layout
@settings(max_examples=25)
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


@pytest.mark.parametrize(
    "layout, levels, steps",
    [
        (flatten(), 4, 4 * 50), (grouped(), 4, 2 * 50), (grouped((2, 2)), 4, 2 * 50),
        (coarse_first(), 4, 50 + 50 + 2), (level_major((2,)), 4, 4 * 50), (parallel(), 4, 50),
        (delay(), 4, 53), (delay(DIA_DELAYS), 9, 65), (acoustic_delay(), 8, 51), (depth(), 32, 50),
    ],
)  # fmt: skip
def test_lengths_are_those_of_the_formulas(layout, levels, steps):
    """K·T, G·T, T + T + max d, K·T, T, T + max d, T + τ, T"""
    assert layout.steps(plain(levels), 50) == steps


def test_snac_has_the_order_of_orpheus():
    some = AudioTokens(SNAC, ([[0]], [[10, 11]], [[20, 21, 22, 23]]))
    assert flatten().arrange(some)[0, 0].tolist() == [0, 10, 20, 21, 11, 22, 23]


def test_four_nested_rates_are_a_walk_of_the_tree():
    """SNAC at 32 and 44.1 kHz: 15 slots, l0 l1 l2 l3 l3 l2 l3 l3 l1 l2 l3 l3 l2 l3 l3"""
    slots = flatten().positions(plain(4, (8, 4, 2, 1)), 8).level[0]
    assert slots.tolist() == [0, 1, 2, 3, 3, 2, 3, 3, 1, 2, 3, 3, 2, 3, 3]


def test_flatten_is_frame_by_frame():
    """s[t·K + k] = c[k, t]"""
    some = made(SPEECH, 2, 1, 5)
    codes = some.codes[0]
    assert (flatten().arrange(some)[0, 0] == codes.T.reshape(-1)).all()


def test_delay_is_that_of_musicgen():
    some = AudioTokens(SPEECH, ([[1, 2, 3]], [[4, 5, 6]]))
    assert delay().arrange(some)[0].tolist() == [[1, 2, 3, E], [E, 4, 5, 6]]
    assert parallel().arrange(some)[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert delay((2, 0)).arrange(some)[0].tolist() == [[E, E, 1, 2, 3], [4, 5, 6, E, E]]


@given(st.integers(1, 6), st.integers(0, 9), st.data())
def test_delay_moves_level_k_by_its_delay(levels, frames, data):
    """M[k, s] = c[k, s - d_k] if 0 ≤ s - d_k < T"""
    delays = data.draw(st.lists(st.integers(0, 5), min_size=levels, max_size=levels))
    codes = np.random.default_rng(0).integers(0, 1024, (levels, frames))
    grid = delay(delays).arrange(AudioTokens(plain(levels), [*codes[:, None]]))[0]
    for k, s in np.ndindex(*grid.shape):
        inside = 0 <= s - delays[k] < frames
        assert grid[k, s] == (codes[k, s - delays[k]] if inside else EMPTY)


def test_published_delays():
    assert DIA_DELAYS == (0, 8, 9, 10, 11, 12, 13, 14, 15)
    stereo = delay(MUSICGEN_STEREO_DELAYS).arrange(numbered(plain(8), 1))[0]
    assert [row.tolist().index(10 * k) for k, row in enumerate(stereo)] == [0, 0, 1, 1, 2, 2, 3, 3]
    higgs = delay().arrange(numbered(plain(8), 3))
    assert higgs.shape == (1, 8, 3 + 7)


def test_acoustic_delay_is_that_of_moshi():
    """level 0 at t, the others at t + 1; the rows of a step depend on each other"""
    found = acoustic_delay().arrange(numbered(plain(3), 2))[0].tolist()
    assert found == [[0, 1, E], [E, 10, 11], [E, 20, 21]]
    assert [name for name, layout in LAYOUTS.items() if layout.deep] == ["depth", "acoustic_delay"]


def test_coarse_first_is_level_0_and_then_the_rest():
    some = AudioTokens(SPEECH, ([[1, 2]], [[4, 5]]))
    assert coarse_first().arrange(some)[0].tolist() == [[1, 2, E, E], [E, E, 4, 5]]
    assert coarse_first((1,)).arrange(some)[0].tolist() == [[1, 2, E, E, E], [E, E, E, 4, 5]]
    assert coarse_first().arrange(some.first(1))[0].tolist() == [[1, 2]]


def test_groups_take_steps_in_turn():
    """AudioCraft: unroll with flattening [0, 1, 1]"""
    some = numbered(plain(3), 2)
    assert grouped().arrange(some)[0].tolist() == [[0, E, 1, E], [E, 10, E, 11], [E, 20, E, 21]]
    flat = grouped((1,)).arrange(some)[0]
    assert flat.max(axis=0).tolist() == flatten().arrange(some)[0, 0].tolist()
    assert (grouped((3,)).arrange(some) == parallel().arrange(some)).all()


def test_level_major_is_group_by_group():
    """AudioCraft: MusicLM with group_by=2; AudioLM: coarse levels, then fine ones"""
    some = numbered(plain(4), 2)
    assert level_major((2,)).arrange(some)[0, 0].tolist() == [0, 10, 1, 11, 20, 30, 21, 31]
    assert level_major().arrange(some)[0, 0].tolist() == [0, 1, 10, 11, 20, 21, 30, 31]
    assert level_major((1, 3)).arrange(some)[0, 0].tolist() == [0, 1, 10, 20, 30, 11, 21, 31]
    assert (level_major((4,)).arrange(some) == flatten().arrange(some)).all()


def test_a_step_of_depth_is_a_cycle():
    some = numbered(plain(3), 4)
    assert (depth().arrange(some) == parallel().arrange(some)).all()
    rates = numbered(plain(3, (4, 2, 1)), 5)
    assert depth().arrange(rates)[0].T.tolist() == [
        [0, 10, 20, 21, 11, 22, 23], [1, 12, 24, E, E, E, E]
    ]  # fmt: skip


def test_coarse_levels_stand_where_they_begin():
    some = AudioTokens(SNAC, ([[0]], [[10, 11]], [[20, 21, 22, 23]]))
    assert parallel().arrange(some)[0].tolist() == [
        [0, E, E, E], [10, E, 11, E], [20, 21, 22, 23]
    ]  # fmt: skip
    assert grouped((2, 1)).arrange(some)[0].tolist() == [
        [0, E, E, E, E, E], [10, E, E, 11, E, E], [E, 20, 21, E, 22, 23]
    ]  # fmt: skip


def test_a_source_comes_back_when_it_is_given():
    source = Source(9 * 512 - 5, 24_000)
    some = made(SNAC, 3, 1, 9, 9 * 512 - 5, source)
    assert flatten().restore(flatten().arrange(some), SNAC, source=source) == some


def test_specials_fill_what_is_empty():
    grid = delay().arrange(numbered(plain(3), 2))
    assert fill(grid, 2048)[0].tolist() == [
        [0, 1, 2048, 2048], [2048, 10, 11, 2048], [2048, 2048, 20, 21]
    ]  # fmt: skip
    assert fill(grid, 1024, 1025)[0, 1].tolist() == [1024, 10, 11, 1025]
    ended = fill(grid, 1026, 1025, end=1024)
    assert ended[0].tolist() == [
        [0, 1, 1024, 1025, 1025], [1026, 10, 11, 1024, 1025], [1026, 1026, 20, 21, 1024]
    ]  # fmt: skip
    for ids in (fill(grid, 2048), fill(grid, 1024, 1025), ended):
        assert (clear(ids, [1024] * 3) == grid).all()


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
        (lambda: Layout("delay", None, (1,)), "layout delay has no groups"),
        (lambda: grouped(()), "groups of layout grouped must be 1 or more, got none"),
        (lambda: level_major((0,)), "a group must be an integer from 1 to 256, got 0"),
        (lambda: Layout("acoustic_delay", (0, 1)).steps(SPEECH, 3), "acoustic_delay has one delay"),
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
        (lambda: flatten().restore(np.full((1, 1, 4), 1024), SPEECH),
         "level 0 holds code 1024 at stream 0, frame 0; codes go from 0 to 1023"),
        (lambda: flatten().arrange(made(SPEECH, 2, 1, 3, lasting=True)), "no durations"),
        (lambda: clear(np.zeros((1, 2, 5), int), [1024]), "sizes must be 2, one per row, got 1"),
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
