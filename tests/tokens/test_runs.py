"""Equal neighbours become one token with a duration, and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Level, Segment, Source, TokenSpec

UNITS = TokenSpec(
    "units@1/L9/k50:0a", 16_000, 320, 1, (Level(50, role="semantic"),), (1,), window=400
)
TWO = TokenSpec("two@1:0a", 16_000, 320, 1, (Level(9), Level(9)), (1, 2))


@given(st.lists(st.integers(0, 3), max_size=60))
def test_dedup_and_expand_give_the_tokens_back(codes):
    tokens = AudioTokens(UNITS, [np.array([codes], np.int64)])
    short = tokens.dedup()
    assert short.expand() == tokens
    assert len(short) == len(tokens) == len(codes)
    assert not np.any(short.stacks[0][0, 1:] == short.stacks[0][0, :-1])
    assert short.dedup() == short


def test_runs_are_counted():
    tokens = AudioTokens(UNITS, [[[17, 17, 17, 17, 40, 40, 20]]]).dedup()
    assert tokens.stacks[0].tolist() == [[17, 40, 20]] and tokens.durations.tolist() == [4, 2, 1]
    assert tokens.bitrate * 7 == AudioTokens(UNITS, [[[1] * 7]]).bitrate * 3


def test_a_run_ends_where_any_level_changes():
    tokens = AudioTokens(TWO, [[[1, 1, 1, 2]], [[5, 5, 6, 6]]]).dedup()
    assert [stack.tolist() for stack in tokens.stacks] == [[[1, 1, 2]], [[5, 6, 6]]]
    assert tokens.durations.tolist() == [2, 1, 1]


def test_the_source_stays_known():
    tokens = AudioTokens(UNITS, [np.zeros((1, 49), int)], source=Source(16_000, 16_000))
    assert tokens.dedup().source == tokens.source and tokens.dedup().expand() == tokens


def test_a_run_longer_than_a_duration_may_be_is_split():
    tokens = AudioTokens(UNITS, [np.full((1, 65_536 * 2 + 5), 3)])
    assert tokens.dedup().durations.tolist() == [65_536, 65_536, 5]
    assert tokens.dedup().expand() == tokens and tokens.dedup().dedup() == tokens.dedup()


def test_tokens_in_a_file_keep_their_durations(tmp_path):
    from vocable.tokens import read_tokens

    tokens = AudioTokens(UNITS, [[[4, 4, 9, 9, 9]]]).dedup()
    tokens.save(tmp_path / "units.vcb")
    assert read_tokens(tmp_path / "units.vcb") == tokens


@pytest.mark.parametrize(
    "tokens",
    [
        AudioTokens(UNITS, [[[1, 1], [2, 2]]]),
        AudioTokens(
            TokenSpec("coarse@1:0a", 8, 2, 1, (Level(9, 2), Level(9)), (2,)), [[[1]], [[1, 1]]]
        ),
        AudioTokens(
            TokenSpec("cut@1:0a", 8, 2, 1, (Level(9),), (1,), segment=Segment(4, 4)), [[[1, 1]]]
        ),
    ],
    ids=["two streams", "strides", "segments"],
)
def test_what_has_no_even_frames_of_one_stream_is_refused(tokens):
    with pytest.raises(TokenError, match="dedup needs one stream, strides of 1 and no segments"):
        tokens.dedup()
