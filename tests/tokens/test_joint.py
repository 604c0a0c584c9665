"""Joint sequences that are broken, and parts that fit none, are refused."""

import numpy as np
import pytest

from tests.tokens.joint import ONE, words
from tests.tokens.strategies import made
from tests.tokens.test_layouts import numbered
from vocable.errors import TokenError
from vocable.tokens import (
    Layout,
    flatten,
    parallel,
)
from vocable.tokens.layouts import (
    ByTime,
    Chunks,
    Joint,
    SideBySide,
    Speakers,
    from_ids,
    from_moshi_ids,
)


class Hurries(Chunks):
    """Forgets the last of the text."""

    def arrange(self, parts):
        return super().arrange({**parts, "text": parts["text"][:-1]})


def test_a_broken_order_is_caught():
    parts = {"text": words(4), "audio": numbered(ONE, 9)}
    joint = Chunks(2, 3).arrange(parts)
    with pytest.raises(TokenError, match="chunks of these parts must be 1 × 12 positions, got 1 ×"):
        Hurries(2, 3).restore(joint, {"audio": ONE})


AUDIO = numbered(ONE, 4)
JOINT = Chunks(2, 3).arrange({"text": words(4), "audio": numbered(ONE, 9)})
SIDE = SideBySide({"text": None, "voice": parallel()}, {"voice": 2})
ROWS = SIDE.arrange({"text": words(4), "voice": AUDIO})
SHIFTED = Joint(JOINT.kinds, np.roll(JOINT.kind, 1), np.roll(JOINT.token, 1))
TALL = Joint(ROWS.kinds, np.tile(ROWS.kind, (2, 1))[:3], np.tile(ROWS.token, (2, 1))[:3])
EARLY = Joint(ROWS.kinds, np.roll(ROWS.kind, -1, 1), np.roll(ROWS.token, -1, 1))


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: Chunks(0, 3), "text must be an integer from 1"),
        (lambda: Chunks(2, 3, layout=parallel()), "chunks are cut from tokens in flatten, got par"),
        (lambda: Chunks(2, 3).arrange({"text": [1]}), "parts must be text, audio, got text"),
        (lambda: Chunks(2, 3).arrange({"text": [1], "audio": [1]}),
         'part "audio" must be AudioTokens, got list'),
        (lambda: Chunks(2, 3).arrange({"text": AUDIO, "audio": AUDIO}),
         'part "text" must be ids of text, got tokens of plain'),
        (lambda: Chunks(2, 3).arrange({"text": [-1], "audio": AUDIO}), "must be a row of ids from"),
        (lambda: Chunks(2, 3).arrange({"text": [1], "audio": made(ONE, 1, 2, 3)}),
         'part "audio" must have 1 stream, got 2'),
        (lambda: Chunks(2, 3).restore(SHIFTED, {"audio": ONE}),
         "chunks must have text at row 0, step 0, got audio.0"),
        (lambda: JOINT.to_ids({"text": range(9)}), "ids has no range for audio.0; it has text"),
        (lambda: JOINT.to_ids({"text": range(9), "audio.0": range(9, 99)}),
         "token 100 at row 0, step 0 is beyond the 9 ids of text"),
        (lambda: ROWS.to_ids({"text": range(999), "voice.0": range(9)}),
         "there are positions without a token; give the id that fills them"),
        (lambda: from_ids([5, 12], [["a", "b"]], {"a": range(9), "b": range(20, 30)}),
         "id 12 at row 0, step 1 is of no kind there; wanted a: 0 to 8 or b: 20 to 29"),
        (lambda: from_ids([5], [["a", "b"]], {"a": range(9), "b": range(8, 30)}),
         "the ids of a and b overlap: 0 to 8 and 8 to 29"),
        (lambda: from_ids([5], [["a"], ["b"]], {}), r"ids must have 2 rows, got shape \[1, 1\]"),
        (lambda: SideBySide({"text": None}, {"voice": 1}),
         "late and given name parts; there are text, got voice"),
        (lambda: SideBySide({"a": flatten()}), 'part "a" needs a layout with a row per level'),
        (lambda: SIDE.restore(EARLY, {"voice": ONE}),
         'part "voice" begins before step 2, where it has nothing'),
        (lambda: SIDE.restore(JOINT, {"voice": ONE}),
         'there is no part "voice" here; there are text, audio.0'),
        (lambda: SIDE.restore(TALL, {"voice": ONE}), "these parts have 2 rows, got 3"),
        (lambda: from_moshi_ids(np.full((1, 2), 32_001), ("text",)),
         "id 32001 at row 0, step 0 is not one of text: they go from 0 to 31999"),
        (lambda: from_moshi_ids(np.zeros((2, 2), int), ("text",)), "must have 1 rows, got 2"),
        (lambda: Speakers(Layout("delay")), "speakers take turns in flatten, parallel or depth"),
        (lambda: Speakers().restore(Speakers().arrange(made(ONE, 1, 2, 3))[:5], ONE),
         "5 steps are not as many of each of 2 speakers"),
        (lambda: Speakers().restore(Speakers().arrange(made(ONE, 1, 2, 3))[1:5], ONE),
         "a speaker's token stands in another's turn"),
        (lambda: ByTime(("a", "a")), "tracks must be different names, got a, a"),
        (lambda: ByTime(("a",)).arrange({"b": AUDIO}), "parts must be a, got b"),
    ],
)  # fmt: skip
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()
