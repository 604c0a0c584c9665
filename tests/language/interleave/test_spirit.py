"""SpiritLM's base form: every word once, as text or as units, a mark where the kind changes."""

from bisect import bisect_right
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.interleave.forms import (
    CODES,
    SPIRIT,
    TEXT,
    UNITS,
    WINDOWED,
    WORDS,
    letters,
    merged,
    units,
)
from tests.tokens.strategies import made
from vocable.errors import TokenError
from vocable.language.interleave import (
    AUDIO,
    MARK,
    Span,
    SpokenWords,
    draw_spans,
    spirit_lesson,
)
from vocable.language.interleave import TEXT as WRITTEN
from vocable.language.lessons import NOTHING
from vocable.tokens import AudioTokens, Level, Source, Vocabulary, delay

STRIDED = replace(UNITS, levels=(Level(8, 2), Level(8)), prefixes=(2,))
TURNS = [Span(AUDIO, 0, 1), Span(WRITTEN, 1, 2), Span(AUDIO, 2, 3)]


def lesson(spans=TURNS, tokens=None, ids=SPIRIT, words=WORDS, **around):
    spoken = SpokenWords(units(CODES).dedup() if tokens is None else tokens, words)
    return spirit_lesson(ids, spoken, spans, letters, **around)


def test_the_sequence_by_hand():
    """[Speech] 5 [Text] b [Speech] 2; b has the frames from 0.1 s to c, which begins at 0.28 s."""
    found = lesson(before=[29], after=[28])
    assert found.ids.tolist() == [29, 31, 32 + 5, 30, 2, 31, 32 + 2, 28]
    assert found.labels.tolist() == [NOTHING, 31, 32 + 5, 30, 2, 31, 32 + 2, 28]
    assert found.kinds.tolist() == [NOTHING, MARK, AUDIO, MARK, WRITTEN, MARK, AUDIO, MARK]


def test_without_durations_every_frame_has_an_id():
    found = lesson(tokens=units(CODES))
    assert found.ids.tolist() == [31, 37, 37, 30, 2, 31, 34, 34, 34]
    assert found.labels[0] == NOTHING and found.labels[1:].tolist() == found.ids[1:].tolist()


def test_silence_goes_with_the_word_before_it():
    """Between b, which ends at 0.2 s, and c there are two frames: they are b's."""
    found = lesson([Span(WRITTEN, 0, 1), Span(AUDIO, 1, 2), Span(WRITTEN, 2, 3)], units(CODES))
    assert found.ids.tolist() == [30, 1, 31, 35, 35, 35, 33, 33, 30, 3]


def test_one_mark_for_neighbours_of_one_kind():
    found = lesson([Span(AUDIO, 0, 1), Span(AUDIO, 1, 2), Span(WRITTEN, 2, 3)])
    assert found.ids.tolist() == [31, 37, 35, 33, 30, 3]


def test_merged_units_are_merged_within_a_span():
    ids = merged(SPIRIT, [3, 1, 0, 3, 1], 1)  # 40
    assert ids.merges == ((3, 1),)
    found = lesson([Span(WRITTEN, 0, 1), Span(AUDIO, 1, 3)], units(CODES), ids)
    assert found.ids.tolist() == [30, 1, 31, 35, 35, 40, 33, 34, 34, 34]
    with pytest.raises(TokenError, match="without durations; use tokens.expand"):
        lesson(ids=ids)


@st.composite
def recordings(draw):
    """Tokens, with a window or without, and words of any lengths within them."""
    spec = draw(st.sampled_from([UNITS, WINDOWED, STRIDED]))
    tokens = made(spec, len(spec.levels), 1, draw(st.integers(4, 60)), seed=draw(st.integers(0, 9)))
    if spec.uniform and draw(st.booleans()):
        tokens = tokens.dedup()
    most = int(1000 * tokens.seconds)
    cuts = sorted(draw(st.lists(st.integers(0, most), min_size=2, max_size=40)))
    letter = st.sampled_from("abcdefgh")
    pairs = zip(cuts, cuts[1:], strict=False)
    return tokens, [(a / 1000, b / 1000, draw(letter)) for a, b in pairs]


@given(recordings())
def test_a_frame_has_the_last_word_that_began_at_its_middle(recording):
    tokens, words = recording
    spec, spoken = tokens.spec, SpokenWords(tokens, words)
    begins = [Fraction(round(1000 * begin), 1000) for begin, _, _ in words]
    wanted = []
    for frame in range(0, tokens.frames, spec.step):
        middle = Fraction(2 * frame * spec.frame + (spec.window or spec.frame), 2 * spec.rate)
        wanted.append(max(0, bisect_right(begins, middle) - 1))
    edges = spoken.edges
    found = [max(k for k in range(len(words)) if edges[k] <= n) for n in range(tokens.frames)]
    assert found[:: spec.step] == wanted
    assert edges[0] == 0 and edges[-1] == tokens.frames and (np.diff(edges) >= 0).all()


@given(recordings(), st.integers(0, 99), st.integers(1, 6), st.integers(1, 6))
def test_every_word_is_there_once_and_in_order(recording, seed, text, speech):
    tokens, words = recording
    spoken = SpokenWords(tokens, words)
    spans = draw_spans(spoken, seed, text=(text, text + 2), speech=(speech, speech + 1))
    assert [each.first for each in spans] == [0, *(each.last for each in spans[:-1])]
    assert spans[-1].last == len(words)
    assert all(a.kind != b.kind for a, b in zip(spans, spans[1:], strict=False))
    for each in spans[:-1]:
        least, most = (text, text + 2) if each.kind == WRITTEN else (speech, speech + 1)
        steps = [k for k in spoken.switches if k >= each.first + least]
        assert steps[0] <= each.last <= next((k for k in steps if k >= each.first + most), 99)
    ids = Vocabulary.of(tokens.spec, text=TEXT, specials=("text", "speech"))
    found = spirit_lesson(ids, spoken, spans, letters)
    assert_holds(found, ids, spoken, spans)


def assert_holds(found, ids, spoken, spans):
    """Read the sequence by its ids alone: marks, text, and units from which the tokens return."""
    at = 0
    for span in spans:
        assert found.ids[at] == ids.specials["text" if span.kind == WRITTEN else "speech"]
        end = at + 1
        while end < len(found) and found.ids[end] not in ids.specials.values():
            end += 1
        inside = found.ids[at + 1 : end]
        if span.kind == WRITTEN:
            assert inside.tolist() == letters(spoken.text(span.first, span.last))
        else:
            kept = spoken.tokens[int(spoken.edges[span.first]) : int(spoken.edges[span.last])]
            assert len(inside) and ids.from_ids(inside).stacks[0].shape == kept.stacks[0].shape
            again = AudioTokens(kept.spec, ids.from_ids(inside).stacks, durations=kept.durations)
            assert again.expand() == kept.expand()
        at = end
    assert at == len(found)


@given(recordings())
def test_all_as_speech_is_the_whole_recording(recording):
    tokens, words = recording
    ids = Vocabulary.of(tokens.spec, text=TEXT, specials=("text", "speech"))
    found = spirit_lesson(ids, SpokenWords(tokens, words), [Span(AUDIO, 0, len(words))], letters)
    bare = AudioTokens(tokens.spec, tokens.stacks)
    assert found.ids[1:].tolist() == ids.to_ids(bare)[0].tolist()


def test_seeds_reproduce_and_differ():
    spoken = SpokenWords(units([1, 2] * 100), [(n / 25, n / 25, "a") for n in range(200)])
    drawn = [tuple(draw_spans(spoken, seed)) for seed in range(40)]
    assert drawn == [tuple(draw_spans(spoken, seed)) for seed in range(40)]
    assert len(set(drawn)) == 40 and {spans[0].kind for spans in drawn} == {WRITTEN, AUDIO}
    lengths = {kind: [] for kind in (WRITTEN, AUDIO)}
    for span in (span for spans in drawn for span in spans[:-1]):
        lengths[span.kind].append(span.last - span.first)
    assert set(lengths[WRITTEN]) <= set(range(10, 31)) and set(lengths[AUDIO]) == set(range(5, 16))


def test_words_without_a_frame_share_one():
    """b and c are over before a middle: no switch falls between them and what follows."""
    words = [(0.0, 0.03, "a"), (0.03, 0.04, "b"), (0.04, 0.05, "c"), (0.06, 0.4, "d")]
    spoken = SpokenWords(units(CODES), words)
    assert spoken.edges.tolist() == [0, 1, 1, 1, 10] and spoken.switches == [1]
    with pytest.raises(TokenError, match="the tokens have no frame"):
        spirit_lesson(SPIRIT, spoken, [Span(WRITTEN, 0, 1), Span(AUDIO, 1, 2),
                                       Span(WRITTEN, 2, 4)], letters)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there are no words; leave the recording out, or align its text"),
        ([(0.0, 0.1, "a"), (0.1, 0.2, " ")], "word 1, at 0.100 s, is empty; leave it out"),
        ([(0.2, 0.1, "a")], 'word 0, "a", begins at 0.200 s and ends at 0.100 s'),
        ([(0.0, float("nan"), "a")], 'word 0, "a", begins at 0.000 s and ends at nan s'),
        ([(-0.1, 0.1, "a")], "begins at -0.100 s, before 0.000 s, where the recording begins"),
        (
            [(0.0, 0.2, "a"), (0.1, 0.3, "b")],
            'word 1, "b", begins at 0.100 s, before 0.200 s, where the one before it ends; give '
            "words in order, none over another",
        ),
        (
            [(0.0, 0.45, "a")],
            'word 0, "a", ends at 0.450 s, and the tokens after 0.400 s; they are of another '
            "recording, or cut",
        ),
    ],
)
def test_words_that_cannot_be(words, message):
    with pytest.raises(TokenError) as error:
        SpokenWords(units(CODES), words)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_word_may_end_with_the_recording():
    """Units of a window leave up to a frame of the recording out: 10 of them, of 3599 samples."""
    for source in (None, Source(3599, 16_000, 1)):
        tokens = AudioTokens(WINDOWED, ([[1] * 10],), source=source)
        assert len(SpokenWords(tokens, [(0.0, 3599 / 16_000, "a")])) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(tokens=units([1], replace(UNITS, space="other@1:00"))), "got 1 of other@1:00"),
        (dict(tokens=units([])), "the tokens have no frame"),
        (dict(tokens=AudioTokens(UNITS, ([CODES, CODES],))), "its tokens have 2 streams"),
        (dict(ids=Vocabulary.of(UNITS, text=TEXT)), 'has no special "text", only pad, bos, eos'),
        (dict(ids=Vocabulary.of(UNITS, delay(), text=TEXT, specials=("text", "speech"))),
         "not layout delay; use flatten"),
        (dict(spans=TURNS[:2]), "spans must hold all 3 words, got 2"),
        (dict(spans=TURNS[1:]), "spans must follow each other from word 0"),
        (dict(words=[(0.0, 0.1, "~"), *WORDS[1:]], spans=[Span(WRITTEN, 0, 3)]),
         'at position 0 of "~ b c" is none of text, which has 0 to 29'),
        (dict(before=[None]), "before must be integers"),
        (dict(after=[-1]), "after must be a row of ids from 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sequence(given, message):
    if "tokens" in given:
        given |= dict(spans=[Span(AUDIO, 0, 1)], words=[(0.0, 0.04, "a")])
    with pytest.raises(TokenError, match=message.replace("(", r"\(")) as error:
        lesson(**given)
    assert "\n" not in str(error.value)


def test_text_without_ids_is_refused():
    with pytest.raises(TokenError, match='"b" has no ids; say what is spoken'):
        spirit_lesson(SPIRIT, SpokenWords(units(CODES), WORDS), TURNS, lambda text: [])


@pytest.mark.parametrize("wrong", [dict(text=(0, 3)), dict(speech=(5, 4))])
def test_lengths_that_cannot_be(wrong):
    with pytest.raises(TokenError, match="must be the fewest and the most words"):
        draw_spans(SpokenWords(units(CODES), WORDS), 0, **wrong)
