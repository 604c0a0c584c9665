"""Utterances become rows, whole ones leave a full context, and what is none is refused."""

import numpy as np
import pytest

from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.language.csm import CsmConfig, Utterance, utterance_rows
from vocable.language.csm.prompt import build_prompt
from vocable.tokens import AudioTokens, Level, TokenSpec

TINY = TransformerConfig(width=4, layers=1, heads=1, hidden=4, context=8)
TOY = CsmConfig(TINY, TINY, levels=3, size=9, codes=8, text=20, begin=18, end=19)


def letters(text):
    """Ids of brackets, digits and letters a to e."""
    return ["[]0123456789abcde".index(each) for each in text]


def frames(count, code=1):
    return np.full((count, 3), code)


def test_a_utterance_is_text_then_sound_then_a_frame_of_zeros():
    rows = utterance_rows(Utterance(2, "ab", frames(2, 7)), TOY, letters)
    _ = -1
    np.testing.assert_array_equal(
        rows,
        [
            [_, _, _, 18],
            [_, _, _, 0], [_, _, _, 4], [_, _, _, 1], [_, _, _, 12], [_, _, _, 13],
            [_, _, _, 19],
            [7, 7, 7, _], [7, 7, 7, _],
            [0, 0, 0, _],
        ],
    )  # fmt: skip


def test_the_last_utterance_waits_for_its_sound():
    """Its text alone, or the sound that it begins with and no end of it."""
    before, last = Utterance(0, [5], frames(2)), Utterance(1, [6, 7])
    prompt = build_prompt([before, last], TOY, None, room=99)
    assert len(prompt.rows) == 3 + 3 + 4 and prompt.rows[-1, -1] == 19
    assert (prompt.left_out, prompt.text) == (0, 4)
    begun = build_prompt([before, Utterance(1, [6, 7], frames(3, 4))], TOY, None, room=99)
    np.testing.assert_array_equal(begun.rows[:10], prompt.rows)
    np.testing.assert_array_equal(begun.rows[10:, :3], frames(3, 4))


@pytest.mark.parametrize(
    ("room", "left_out"), [(99, 0), (23, 0), (22, 1), (16, 1), (15, 2), (9, 2), (8, 3), (4, 3)]
)
def test_whole_utterances_are_left_out_the_oldest_first(room, left_out):
    lengths = [7, 7, 5, 4]
    utterances = [Utterance(0, [1], frames(3, 1)), Utterance(1, [2], frames(3, 2)),
                Utterance(0, [3], frames(1, 3)), Utterance(1, [4, 5])]  # fmt: skip
    prompt = build_prompt(utterances, TOY, None, room=room)
    whole = build_prompt(utterances, TOY, None, room=99).rows
    assert len(whole) == sum(lengths) and prompt.left_out == left_out
    np.testing.assert_array_equal(prompt.rows, whole[sum(lengths[:left_out]) :])


def test_the_last_utterance_is_never_cut():
    with pytest.raises(ModelError, match=r"^the last utterance takes 4 positions, .* has 3; sh"):
        build_prompt([Utterance(0, [1], frames(3)), Utterance(1, [4, 5])], TOY, None, room=3)


SPEC = TokenSpec("toy@1:0", 24_000, 12, 1, (Level(8),) * 4, (1, 3, 4))


def tokens(streams=1, levels=4, **more):
    return AudioTokens(SPEC, [np.full((streams, 2), 5)] * levels, **more)


def test_tokens_give_their_first_levels():
    rows = utterance_rows(Utterance(0, [5], tokens()), TOY, None)
    np.testing.assert_array_equal(rows[3:5, :3], np.full((2, 3), 5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Utterance(-1, "a"), "speaker must be an integer from 0"),
        (lambda: [], "the prompt is empty; give at least the utterance"),
        (lambda: [Utterance(0, [1]), Utterance(1, [2])], "utterance 0 has no sound; only the last"),
        (lambda: Utterance(0, [1]), "a prompt is a list of utterances"),
        (lambda: ["what is said"], "a prompt is a list of utterances"),
        (lambda: [Utterance(0, 5)], "or its ids as whole numbers; it is 5"),
        (lambda: [Utterance(0, None)], "or its ids as whole numbers; it is None"),
        (lambda: [Utterance(0, [1.5])], r"or its ids as whole numbers; it is \[1.5\]"),
        (lambda: [Utterance(0, [])], "an utterance's text is empty; say what is spoken"),
        (lambda: [Utterance(0, "a")], "the model has no tokenizer; put tokenizer.json beside"),
        (lambda: [Utterance(0, [20])], "text id 20 is out of range: the model has 0 to 19"),
        (lambda: [Utterance(0, [-1])], "text id -1 is out of range: the model has 0 to 19"),
        (lambda: [Utterance(0, [1], frames(2, 8))], "code 8 of level 0 in frame 0 is out"),
        (lambda: [Utterance(0, [1], frames(2, -1))], "code -1 of level 0 in frame 0 is out"),
        (
            lambda: [Utterance(0, [1], frames(0))],
            "sound has no frame; leave audio out",
        ),
        (
            lambda: [Utterance(0, [1], frames(2).T)],
            r"integers \[frames, 3\], got int64 ",
        ),
        (
            lambda: [Utterance(0, [1], frames(2) * 1.0)],
            r"integers \[frames, 3\], got float",
        ),
        (
            lambda: [Utterance(0, [1], tokens(2))],
            "but its tokens have 2 streams; encode",
        ),
        (lambda: [Utterance(0, [1], tokens(levels=1))], "needs all 3 levels of every fr"),
    ],
)
def test_what_makes_no_prompt_is_refused(make, message):
    with pytest.raises(TokenError, match=message) as caught:
        build_prompt(make(), TOY, None, room=99)
    assert "\n" not in str(caught.value)
