"""GLM-4-Voice's and CosyVoice's turns, written out by hand and against the published rule."""

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.interleave.forms import SPIRIT, TEXT, UNITS, merged, units
from vocable.errors import TokenError
from vocable.language.interleave import AUDIO, MARK, chunk_lesson, cosyvoice_lesson
from vocable.language.interleave import TEXT as WRITTEN
from vocable.language.lessons import NOTHING
from vocable.tokens import AudioTokens, Level, Vocabulary
from vocable.tokens.layouts import cosyvoice, glm_voice

CODES = replace(UNITS, levels=(Level(60),))
GLM = Vocabulary.of(CODES, text=TEXT, specials=("begin_of_audio", "end_of_audio"))  # from 32
COSY = Vocabulary.of(CODES, text=TEXT, specials=("start", "rest", "fill", "end"))  # from 34
START, REST, FILL, END = range(TEXT, TEXT + 4)
U = 34  # the first unit's id, for CosyVoice


def test_glm_voice_by_hand():
    """A prompt of text and of what was asked by voice; 13 : 26; 2 : 4; the end."""
    text, prompt, end = list(range(1, 16)), [28, 30, 32 + 7, 31, 27], 29
    found = chunk_lesson(
        glm_voice(), GLM, text, units(range(30), CODES), before=prompt, after=(end,)
    )
    answer = [*range(1, 14), *range(32, 58), 14, 15, *range(58, 62)]
    assert found.ids.tolist() == [*prompt, *answer, end]
    assert found.labels.tolist() == [*[NOTHING] * 5, *answer, end]
    kinds = [WRITTEN] * 13 + [AUDIO] * 26 + [WRITTEN] * 2 + [AUDIO] * 4
    assert found.kinds.tolist() == [*[NOTHING] * 5, *kinds, MARK]


def test_glm_voice_with_more_text_than_audio():
    found = chunk_lesson(glm_voice(), GLM, [1] * 27, units(range(3), CODES))
    assert found.ids.tolist() == [1] * 13 + [32, 33, 34] + [1] * 14
    assert found.labels.tolist() == [NOTHING] + found.ids.tolist()[1:]


def test_cosyvoice_by_hand():
    """Five, fifteen, then the two that are left: the model asks for them where the first stands."""
    found = chunk_lesson(cosyvoice(), COSY, range(11, 18), units(range(22), CODES))
    first, others = list(range(U, U + 15)), list(range(U + 15, U + 22))
    assert found.ids.tolist() == [START, *range(11, 16), *first, 16, 17, REST, *others, END]
    labels = [*[NOTHING] * 6, *first, FILL, NOTHING, NOTHING, *others, END]
    assert found.labels.tolist() == labels
    kinds = [*[NOTHING] * 6, *[AUDIO] * 15, MARK, NOTHING, NOTHING, *[AUDIO] * 7, MARK]
    assert found.kinds.tolist() == kinds


def test_cosyvoice_where_text_fills_its_chunks():
    """More text is asked for, and the mark says that there is none."""
    found = chunk_lesson(cosyvoice(), COSY, range(5), units(range(16), CODES))
    first = list(range(U, U + 15))
    assert found.ids.tolist() == [START, *range(5), *first, REST, U + 15, END]
    assert found.labels.tolist() == [*[NOTHING] * 6, *first, FILL, U + 15, END]


def published(text, speech):
    """CosyVoice 2's loop, as input and target of each position (`-1`: not counted)."""
    read, asked = [START], [NOTHING]
    for j in range(ceil((len(text) + 1) / 5)):
        some, said = text[5 * j : 5 * j + 5], speech[15 * j : 15 * j + 15]
        if len(some) == 5:
            read += some + said
            asked += [NOTHING] * 4 + said + [FILL]
        else:
            read += [*some, REST, *speech[15 * j :]]
            asked += [NOTHING] * len(some) + speech[15 * j :] + [END]
    return read, asked


@given(st.integers(1, 16), st.integers(1, 60), st.integers(0, 9))
def test_cosyvoice_is_trained_as_published(text, audio, seed):
    """What it reads and is asked for, by position; all text first where speech is short."""
    ids, codes = [1 + n % 20 for n in range(text)], [n % 60 for n in range(audio)]
    speech = [U + code for code in codes]
    found = cosyvoice_lesson(COSY, ids, units(codes, CODES), seed)
    read, asked = found.ids[:-1].tolist(), found.labels[1:].tolist()
    plain = [START, *ids, REST, *speech], [*[NOTHING] * (1 + text), *speech, END]
    turns = published(ids, speech) if audio > 3 * text else plain
    assert (read, asked) in (plain, turns)


def test_half_of_the_samples_take_turns():
    forms = [cosyvoice_lesson(COSY, [1] * 5, units([0] * 16, CODES), n) for n in range(200)]
    again = [cosyvoice_lesson(COSY, [1] * 5, units([0] * 16, CODES), n) for n in range(200)]
    turns = [FILL in form.labels for form in forms]
    assert [FILL in form.labels for form in again] == turns and 70 < sum(turns) < 130
    short = [cosyvoice_lesson(COSY, [1] * 5, units([0] * 15, CODES), n) for n in range(40)]
    assert not any(FILL in form.labels for form in short)


def test_merged_units_are_counted_merged():
    base = Vocabulary.of(UNITS, text=TEXT, specials=())
    ids = merged(base, [1, 2] * 9, 1)
    found = chunk_lesson(glm_voice(), ids, [1], units([1, 2, 1, 2, 3]))
    assert found.ids.tolist() == [1, 38, 38, 33] and found.kinds[1:].tolist() == [AUDIO] * 3


def test_levels_stand_one_after_the_other():
    spec = replace(UNITS, levels=(Level(4), Level(4)), prefixes=(2,))
    ids = Vocabulary.of(spec, text=TEXT, specials=())
    found = chunk_lesson(glm_voice(), ids, [1], AudioTokens(spec, ([[0, 1]], [[2, 3]])))
    assert found.ids.tolist() == [1, 30, 36, 31, 37]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(text=[]), "text has no ids; say what is spoken, as the ids of a tokenizer"),
        (dict(text=[1.5]), r"text must be a row of ids, got float64 \[1\]"),
        (dict(text=[1, 30]), "id 30 at position 1 of text is none of text, which has 0 to 29"),
        (dict(tokens=units([], CODES)), "the tokens have no frame; leave the recording out"),
        (dict(tokens=units([1])), "the vocabulary is for 1 levels of"),
        (dict(ids=SPIRIT, tokens=units([1] * 20)), 'no special "start", only text, speech; make'),
        (dict(text=[1] * 10), "need at least 30 tokens of audio in chunks of 5 and 15, got 20"),
    ],
)
def test_what_makes_no_sequence(given, message):
    whole = dict(ids=COSY, text=[1, 2], tokens=units(range(20), CODES)) | given
    with pytest.raises(TokenError, match=message) as error:
        chunk_lesson(cosyvoice(), **whole)
    assert "\n" not in str(error.value)
