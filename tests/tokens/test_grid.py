"""The token grid of pictures: every level of every stream, where its tokens are in time."""

import numpy as np

from vocable.tokens import AudioTokens, Level, Segment, TokenSpec
from vocable.tokens.grid import row_names, token_grid

MULTI_RATE = (Level(9, 4, "semantic"), Level(9, 2), Level(9))


def spec(levels: tuple[Level, ...], **kind: object) -> TokenSpec:
    """Frames of 1 s at 10 Hz."""
    return TokenSpec("made-up@1:0", 10, 10, 1, levels, (len(levels),), **kind)


def test_rows_are_all_levels_of_all_streams_each_token_as_long_as_it_lasts() -> None:
    coarse, middle, fine = np.array([[1], [8]]), np.array([[2, 3], [7, 6]]), np.arange(8)
    tokens = AudioTokens(spec(MULTI_RATE), (coarse, middle, fine.reshape(2, 4)))
    assert (8 * token_grid(tokens, 4.0, 4)).round().astype(int).tolist() == [
        [1, 1, 1, 1],
        [2, 2, 3, 3],
        [0, 1, 2, 3],
        [8, 8, 8, 8],
        [7, 7, 6, 6],
        [4, 5, 6, 7],
    ]
    assert row_names(tokens) == [
        "stream 0, level 0, semantic", "stream 0, level 1", "stream 0, level 2",
        "stream 1, level 0, semantic", "stream 1, level 1", "stream 1, level 2",
    ]  # fmt: skip


def test_rows_of_one_stream_are_named_by_their_levels_alone() -> None:
    tokens = AudioTokens(spec((Level(9), Level(9, role="prosody"))), (np.zeros((1, 2), int),) * 2)
    assert row_names(tokens) == ["level 0", "level 1, prosody"]


def test_a_prefix_of_the_levels_has_its_rows_only() -> None:
    whole = TokenSpec("made-up@1:0", 10, 10, 1, (Level(9), Level(9)), (1, 2))
    tokens = AudioTokens(whole, (np.array([[4, 8]]),))
    assert token_grid(tokens, 2.0, 2).tolist() == [[0.5, 1.0]] and row_names(tokens) == ["level 0"]


def test_only_the_first_seconds_are_shown() -> None:
    tokens = AudioTokens(spec((Level(9),)), (np.arange(9)[None],))
    assert (8 * token_grid(tokens, 2.0, 4)).tolist() == [[0, 0, 1, 1]]


def test_nothing_is_shown_after_the_last_token() -> None:
    tokens = AudioTokens(spec((Level(9),)), (np.array([[8, 8]]),))
    assert np.isnan(token_grid(tokens, 4.0, 4)).tolist() == [[False, False, True, True]]


def test_tokens_with_durations_last_as_long_as_they_say() -> None:
    durations = np.array([1, 3, 2])
    tokens = AudioTokens(spec((Level(9),)), (np.array([[8, 4, 0]]),), durations=durations)
    assert (8 * token_grid(tokens, 6.0, 6)).tolist() == [[8, 4, 4, 4, 0, 0]]


def test_segments_begin_where_they_are_in_the_recording() -> None:
    overlapping = spec((Level(9),), segment=Segment(40, 30))  # 4 frames, the last of them doubled
    tokens = AudioTokens(overlapping, (np.array([[1, 2, 3, 0, 4, 5, 6, 7]]),))
    assert (8 * token_grid(tokens, 7.0, 7)).tolist() == [[1, 2, 3, 4, 5, 6, 7]]
