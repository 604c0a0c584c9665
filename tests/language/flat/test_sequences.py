"""Utterances become the sequences that were published, id by id; what makes none is refused."""

import numpy as np
import pytest

from tests.language.flat.references import letters, make_codec
from vocable.errors import TokenError
from vocable.language.flat import ORPHEUS, Utterance, sequence
from vocable.tokens import AudioTokens, Level, TokenSpec

SPEC = ORPHEUS.spec
ROW = np.array([[5, 0, 7, 4095, 1, 2, 3], [6, 8, 9, 10, 11, 12, 0]])


def tokens():
    """Two cycles of SNAC: level 0 once a cycle, level 1 twice, level 2 four times."""
    levels = [[5, 6], [0, 1, 8, 11], [7, 4095, 2, 3, 9, 10, 12, 0]]
    return AudioTokens(SPEC, [np.array(level)[None] for level in levels])


def test_the_published_sequence():
    """Its data notebook: human, text, human's end, AI, speech, codes by slot, ends."""
    found = sequence(Utterance("ab", "zoe", tokens()), ORPHEUS, letters)
    text = letters("zoe: ab")
    start = 128_266
    codes = [
        start + 5, start + 4096 + 0, start + 8192 + 7, start + 12288 + 4095, start + 16384 + 1,
        start + 20480 + 2, start + 24576 + 3,
        start + 6, start + 4096 + 8, start + 8192 + 9, start + 12288 + 10, start + 16384 + 11,
        start + 20480 + 12, start + 24576 + 0,
    ]  # fmt: skip
    before, between = [128_259, 128_000], [128_009, 128_260, 128_261, 128_257]
    np.testing.assert_array_equal(found, [*before, *text, *between, *codes, 128_258, 128_262])
    prompt = sequence(Utterance("ab", "zoe"), ORPHEUS, letters)
    np.testing.assert_array_equal(prompt, [*before, *text, *between])
    begun = sequence(Utterance("ab", "zoe", tokens()), ORPHEUS, letters, ended=False)
    np.testing.assert_array_equal(begun, found[:-2])


def test_without_a_name_text_stands_alone_and_codes_are_as_good_as_tokens():
    ids = letters("ab")
    by_text = sequence(Utterance("ab", audio=tokens()), ORPHEUS, letters)
    by_ids = sequence(Utterance(ids, audio=ROW), ORPHEUS, None)
    np.testing.assert_array_equal(by_text, by_ids)


def test_a_cycle_that_is_not_whole_is_left_out():
    heard = make_codec().encode(np.full((1, 3 * 2048 + 700), 0.1, np.float32), rate=24_000)
    assert heard.frames == 14
    found = sequence(Utterance([1], audio=heard), ORPHEUS, None)
    assert len(found) == 2 + 1 + 4 + 3 * 7 + 2


def changed(code):
    codes = ROW.copy()
    codes[1, 2] = code
    return codes


OTHER = TokenSpec("toy@1:0", 24_000, 512, 1, (Level(4096, 4), Level(4096, 2)), (2,))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (Utterance(""), "^an utterance's text is empty; say what is spoken$"),
        (Utterance([]), "^an utterance's text is empty; say what is spoken$"),
        (Utterance("a"), "^the model has no tokenizer; put tokenizer.json beside its weights"),
        (Utterance([1], "tara"), '^ids of a text hold the name before it as well; leave voice="t'),
        (Utterance([1.5]), r"or its ids as whole numbers; it is \[1.5\]$"),
        (Utterance([128_009]), "^id 128009 is none of text, which has 0 to 127999$"),
        (Utterance([-1]), "^id -1 is none of text"),
        (Utterance([1], audio=changed(4096)), "^code 4096 in slot 2 of cycle 1 is out of range: "),
        (Utterance([1], audio=changed(-1)), "^code -1 in slot 2 of cycle 1 is out of range"),
        (Utterance([1], audio=ROW[:0]), "^an utterance's sound has no whole cycle of 2048 samp"),
        (Utterance([1], audio=tokens()[:0]), "has no whole cycle of 2048 samples; leave audio out"),
        (Utterance([1], audio=ROW.T), r"^codes are integers \[cycles, 7\], got int64 \[7, 2\]$"),
        (Utterance([1], audio=ROW * 1.0), r"^codes are integers \[cycles, 7\], got float64"),
        (
            Utterance([1], audio=AudioTokens(SPEC, [np.ones((2, n), int) for n in (1, 2, 4)])),
            "^an utterance has one voice, but its tokens have 2 streams; encode",
        ),
        (
            Utterance([1], audio=AudioTokens(OTHER, [np.ones((1, n), int) for n in (1, 2)])),
            "Orpheus' order is for three levels of 4096 with strides 4, 2, 1",
        ),
    ],
)
def test_what_makes_no_sequence_is_refused(made, message):
    with pytest.raises(TokenError, match=message) as caught:
        sequence(made, ORPHEUS, None)
    assert "\n" not in str(caught.value)
