"""Tokens are values: checked when made, never changed, cut and joined without loss."""

import pickle
import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Level, Segment, Side, Source, joined


def speech(frames=25, **kind):
    return made(SPEECH, 2, 1, frames, **kind)


def test_nothing_can_be_changed():
    codes = np.zeros((1, 4), np.int32)
    made_of = AudioTokens(SPEECH, (codes, codes))
    codes[:] = 7
    assert made_of.codes.max() == 0
    with pytest.raises(FrozenInstanceError):
        made_of.source = None
    with pytest.raises(ValueError, match="read-only"):
        made_of.stacks[0][0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        made_of.codes[0] = 1
    with pytest.raises(TypeError):
        made_of.sides["scale"] = 1


@given(tokens())
def test_compares_and_pickles(some):
    again = pickle.loads(pickle.dumps(some))
    assert again == some
    assert again.spec == some.spec and again.source == some.source


def test_differs_by_content():
    some = speech()
    assert some != speech(seed=1)
    assert some != replace(some, source=Source(16_000, 16_000))
    assert some != some.first(1)
    assert some != some.codes.tolist()


def test_sides_compare_by_bits():
    spec = replace(SPEECH, sides=(Side("timbre", (2,)),))
    codes = (np.zeros((1, 3), int),) * 2
    nan = np.array([[np.nan, 1]], np.float32)
    assert AudioTokens(spec, codes, {"timbre": nan}) == AudioTokens(spec, codes, {"timbre": nan})
    zero = np.zeros((1, 2), np.float32)
    assert AudioTokens(spec, codes, {"timbre": zero}) != AudioTokens(spec, codes, {"timbre": -zero})


@given(tokens(), st.data())
def test_cut_and_join_give_back_the_same(some, data):
    """Where a cut is allowed, joining its two parts gives back the tokens."""
    edge = data.draw(st.integers(0, some.frames))
    try:
        left, right = some[:edge], some[edge:]
    except TokenError as refused:
        assert re.search(r"multiple of \d+|between segments|one by one", str(refused))
        return
    assert left.frames == edge and right.frames == some.frames - edge
    assert left.source is None
    assume(some.durations is None or edge in np.cumsum(some.durations))
    assert left + right == replace(some, source=None)


def test_a_slice_is_the_slice_of_the_codes():
    some = speech()
    assert (some[3:9].codes == some.codes[:, :, 3:9]).all()
    assert some[-5:].frames == 5 and some[30:].frames == 0
    assert made(SNAC, 3, 1, 9)[3:3].frames == 0
    coarse = made(SNAC, 3, 2, 9)
    assert [codes.shape for codes in coarse[4:8].stacks] == [(2, 1), (2, 2), (2, 4)]
    assert (coarse[4:].stacks[1] == coarse.stacks[1][:, 2:]).all()


def test_a_cut_inside_a_lasting_token_keeps_both_ends():
    some = AudioTokens(SPEECH, ([[1, 2]], [[3, 4]]), durations=[3, 4])
    assert some.frames == 7
    left, right = some[:5], some[5:]
    assert left.durations.tolist() == [3, 2] and left.stacks[0].tolist() == [[1, 2]]
    assert right.durations.tolist() == [2] and right.stacks[0].tolist() == [[2]]


def test_segments_are_cut_between():
    some = made(ENCODEC48, 2, 1, 310, samples=3 * 47_520 - 42_000)  # 150, 150, 10 frames
    assert some[150:].sides["scale"].tolist() == some.sides["scale"][:, 1:].tolist()
    assert some[:150] + some[150:] == some
    with pytest.raises(TokenError, match="between segments of 150 frames, got 149"):
        some[149:]


def test_a_short_segment_before_the_last_is_kept_apart():
    source = Source(47_520 + 100, 48_000, 2)  # segments of 149 and 1 frames
    some = made(ENCODEC48, 2, 1, 150, ENCODEC48.samples(source), source)
    assert some.segments == (149, 1)
    assert some[:149].segments == (149,) and some[149:].segments == (1,)
    with pytest.raises(TokenError, match="one by one"):
        some[:]
    with pytest.raises(TokenError, match="a short segment before its last"):
        made(ENCODEC48, 2, 1, 150) + some


def test_an_empty_slice_may_lie_anywhere_in_segments():
    spec = replace(ENCODEC48, segment=Segment(4_800, 1_600))
    some = made(spec, 2, 1, spec.frames(8_000), 8_000, Source(8_000, 48_000, 2))
    assert len({*some.segments}) > 2
    for nothing in (some[0:0], some[15:15], some[some.frames :]):
        assert nothing.frames == 0 and nothing.sides["scale"].shape == (1, 0)


def test_join_refuses_what_changes_meaning():
    item = replace(SPEECH, sides=(Side("timbre", (1,)),))
    with pytest.raises(TokenError, match="cannot be joined to tokens of speech-16k@1:0a1b"):
        speech() + made(replace(SPEECH, space="other@1:ff"), 2, 1, 3)
    with pytest.raises(TokenError, match=r"equal levels and streams.*use tokens.first"):
        speech() + speech().first(1)
    with pytest.raises(TokenError, match="side timbre holds for a whole item and differs"):
        made(item, 2, 1, 3, seed=1) + made(item, 2, 1, 3, seed=2)
    with pytest.raises(TokenError, match="only the last of the tokens to join"):
        made(SNAC, 3, 1, 3) + made(SNAC, 3, 1, 4)
    with pytest.raises(TokenError, match="with durations"):
        speech() + made(SPEECH, 2, 1, 3, lasting=True)
    with pytest.raises(TypeError):
        speech() + [1]


def test_tokens_of_two_decoders_of_one_space_join():
    """Codes are the same whatever rate the codec that made them writes; the first one's stays."""
    low, high = speech(3), made(replace(SPEECH, out_rate=48_000), 2, 1, 4)
    assert (low + high).spec == low.spec and (high + low).spec == high.spec
    assert joined([high, low])[4:].stacks[0].tolist() == low.stacks[0].tolist()
    with pytest.raises(TokenError, match="cannot be joined"):
        low + made(replace(SPEECH, rate=8000, out_rate=48_000), 2, 1, 4)


def test_many_are_joined_at_once():
    some = speech()
    assert joined([some[k : k + 5] for k in range(0, 25, 5)]) == some
    with pytest.raises(TokenError, match="tokens to join must be at least 1, got none"):
        joined([])


def test_joining_nothing_changes_nothing():
    """Also after tokens that end inside a token of a coarse level."""
    some = made(SNAC, 3, 1, 3)
    assert some + some[3:] == some[:0] + some == joined([some[:0], some, some[3:]]) == some
    assert joined([some[:0], some[:0]]).frames == 0


def test_first_levels():
    some = made(SNAC, 3, 1, 9, samples=9 * 512, source=Source(9 * 512, 24_000))
    assert some.first(1).frames == 9 and some.first(1).levels == 1
    assert some.first(2).stacks[1] is some.stacks[1]
    assert some.first(3) == some
    with pytest.raises(TokenError, match="levels must be one of 1, 2, 3"):
        some.first(4)
    with pytest.raises(TokenError, match="at most the 1 that are here"):
        some.first(1).first(2)


def test_figures():
    some = made(SPEECH, 2, 2, 25, 16_000, Source(44_100, 44_100, 2))
    assert some.bitrate == 1000 and some.seconds == 1 and len(some) == 25
    assert some.first(1).bitrate == 500
    lasting = AudioTokens(SPEECH, ([[1]], [[2]]), durations=[25])
    assert lasting.bitrate == 20 and lasting.seconds == 1


def test_levels_of_several_rates_do_not_fit_into_one_array_however_short():
    coarse = replace(SPEECH, levels=(Level(4, 2), Level(4)))
    with pytest.raises(TokenError, match="strides 2, 1"):
        _ = AudioTokens(coarse, (np.zeros((1, 1), int),) * 2).codes


def test_becomes_arrays():
    some = speech()
    assert some.codes.shape == (1, 2, 25) and some.codes.dtype == np.int32
    assert (np.asarray(some) == some.codes).all() and np.asarray(some, float).dtype == float
    assert (np.from_dlpack(some) == some.codes).all()
    assert torch.equal(torch.from_dlpack(some).long(), some.to_torch())
    assert some.to_torch().dtype == torch.int64
    coarse = made(SNAC, 3, 1, 9)
    assert [stack.shape[1] for stack in coarse.to_torch()] == [3, 5, 9]
    with pytest.raises(TokenError, match="strides 4, 2, 1.*use tokens.stacks"):
        _ = coarse.codes
    assert AudioTokens(SPEECH, tuple(some.to_torch().unbind(1))) == some


@pytest.mark.parametrize(
    "stacks, kind, message",
    [
        (([[0]],) * 3, {}, "stacks must be as many as one of 1, 2 levels of speech-16k, got 3"),
        (([[0]], [[0, 1]]), {}, "level 1 must have 1 tokens for 1 frames, got 2"),
        (([[0]], [[0], [1]]), {}, "the same 1 to 256 streams, got 1, 2"),
        (([0], [0]), {}, r"level 0 must be \[streams, frames\], got shape \(1,\)"),
        (([[0]], [[1024]]), {}, "level 1 holds code 1024 at stream 0, frame 0; codes go from 0 to"),
        (([[0, -1]], [[0, 0]]), {}, "level 0 holds code -1 at stream 0, frame 1"),
        (([[0.0]], [[0.0]]), {}, "level 0 must be integers, got float64"),
        (([[0]], [[0]]), {"source": Source(641, 16_000)}, "641 samples at 16000 Hz are 2 frames"),
        (([[0]], [[0]]), {"source": Source(1, 16_000, 2)}, "2 channels are 2 streams"),
        (([[0]], [[0]]), {"sides": {"scale": 1}}, "sides must be none for speech-16k, got scale"),
        (([[0]], [[0]]), {"durations": [0]}, "durations must be 1 to 65536 frames, got 0"),
        (([[0]], [[0]]), {"durations": [1, 2]}, "one per token, 1, got shape"),
        (([[0]] * 2, [[0]] * 2), {"durations": [1]}, "durations need one stream"),
        (([[0]], [[0]]), {"durations": [2], "source": Source(640, 16_000)}, "1 frames .*, got 2"),
    ],
)
def test_refused(stacks, kind, message):
    with pytest.raises(TokenError, match=message):
        AudioTokens(SPEECH, stacks, **kind)


def test_sides_are_checked():
    codes = (np.zeros((1, 150), int),) * 2
    with pytest.raises(TokenError, match="sides must be scale for encodec-48khz, got none"):
        AudioTokens(ENCODEC48, codes)
    with pytest.raises(TokenError, match=r"side scale must have shape \(1, 1\), got \(1, 2\)"):
        AudioTokens(ENCODEC48, codes, {"scale": np.zeros((1, 2), np.float32)})
    with pytest.raises(TokenError, match="side scale must be float32, got float64"):
        AudioTokens(ENCODEC48, codes, {"scale": np.zeros((1, 1))})


def test_a_false_source_is_refused_at_once():
    """A length that nobody could hold must not be unrolled before it is refused."""
    with pytest.raises(TokenError, match="samples at 48000 Hz are"):
        made(replace(ENCODEC48, sides=()), 2, 1, 150, None, Source(1 << 47, 48_000, 2))


def test_a_slice_with_a_step_is_refused():
    with pytest.raises(TokenError, match=r"tokens\[start:stop\]"):
        speech()[::2]


def test_describes_itself():
    assert repr(speech().first(1)) == (
        "<AudioTokens speech-16k: 1 × 1 of 2 × 25 frames, 1.00 s, 250 bit/s>"
    )
