"""The loss over an extended text model: its own where all is counted, and by kind."""

import pytest
import torch

from tests.language.interleave.forms import CODES, SPIRIT, TEXT, WORDS, letters, units
from tests.language.test_text_model import extended, model
from vocable.errors import TokenError
from vocable.language.interleave import (
    KINDS,
    Interleaved,
    InterleavedBatch,
    SpokenWords,
    chunk_lesson,
    cosyvoice_lesson,
    draw_spans,
    means,
    nats_of,
    spirit_lesson,
)
from vocable.language.lessons import NOTHING
from vocable.tokens import Vocabulary
from vocable.tokens.layouts import glm_voice

COSY = Vocabulary.of(SPIRIT.spec, text=TEXT, specials=("start", "rest", "fill", "end"))


def spirits():
    spoken = SpokenWords(units(CODES * 4).dedup(), [*WORDS, (0.5, 1.5, "de"), (1.5, 1.6, "f")])
    return [
        spirit_lesson(SPIRIT, spoken, draw_spans(spoken, seed, text=(1, 2), speech=(1, 2)), letters)
        for seed in range(4)
    ]


def turns():
    return [cosyvoice_lesson(COSY, range(n), units(CODES * n), seed=n) for n in range(1, 9)]


def test_where_all_is_counted_it_is_the_models_own():
    grown, _, _ = extended(ids=SPIRIT)
    for each in spirits():
        batch = InterleavedBatch.of([each])
        own = grown(input_ids=batch.ids, labels=batch.ids).loss
        assert nats_of(grown, batch).nats.mean().item() == pytest.approx(own.item(), abs=1e-6)


@pytest.mark.parametrize(("ids", "made"), [(SPIRIT, spirits), (COSY, turns)])
def test_a_batch_equals_the_models_own_loss(ids, made):
    """With what is not counted marked as a Llama wants it: it is one that heeds −100."""
    grown, _, _ = extended(ids=ids)
    batch = InterleavedBatch.of(made())
    labels = torch.where(batch.labels == NOTHING, -100, batch.labels)
    own = grown(input_ids=batch.ids, attention_mask=batch.read.long(), labels=labels).loss
    told = nats_of(grown, batch)
    assert told.nats.mean().item() == pytest.approx(own.item(), abs=1e-6)
    assert len(told.nats) == sum((each.labels != NOTHING).sum() for each in made())


@pytest.mark.parametrize(("ids", "made"), [(SPIRIT, spirits), (COSY, turns)])
def test_neighbours_and_padding_change_nothing(ids, made):
    grown, _, _ = extended(ids=ids)
    lessons = made()
    alone = [nats_of(grown, InterleavedBatch.of([each])).nats for each in lessons]
    together = nats_of(grown, InterleavedBatch.of(lessons)).nats
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=0)


def test_means_are_those_of_each_kind():
    grown, _, _ = extended(ids=SPIRIT)
    told = nats_of(grown, InterleavedBatch.of(spirits()))
    found = means(told)
    assert list(found) == list(KINDS)
    for kind, name in enumerate(KINDS):
        assert found[name].item() == pytest.approx(told.nats[told.levels == kind].mean().item())


def test_a_kind_that_nothing_counts_is_left_out():
    grown, _, _ = extended(ids=COSY)
    assert list(means(nats_of(grown, InterleavedBatch.of(turns())))) == ["audio", "marks"]


def test_each_label_is_foretold_from_what_is_read_before_it():
    """The mark that asks for text too, which stands in no sequence; nothing of the prompt."""
    grown, _, _ = extended(ids=COSY)
    prompted = chunk_lesson(glm_voice(), COSY, [1, 2], units([3, 4]), before=[9, 8, 7])
    for lesson in (prompted, turns()[0], turns()[2]):
        with torch.no_grad():
            told = nats_of(grown, InterleavedBatch.of([lesson]))
            shares = grown(torch.from_numpy(lesson.ids)[None]).logits[0].log_softmax(-1)
        asked = [(k - 1, id) for k, id in enumerate(lesson.labels) if id != NOTHING]
        wanted = torch.stack([-shares[place] for place in asked])
        torch.testing.assert_close(told.nats, wanted, atol=1e-5, rtol=0)
    assert COSY.specials["fill"] in {id for turn in turns() for id in turn.labels.tolist()}


def test_a_model_that_was_not_extended_is_refused():
    with pytest.raises(TokenError, match="the lessons have id 39 and the model 37 rows; use text_"):
        nats_of(model(), InterleavedBatch.of([chunk_lesson(glm_voice(), SPIRIT, [1], units([7]))]))


def test_nothing_asked_for_is_refused():
    empty = Interleaved.framed(chunk_lesson(glm_voice(), SPIRIT, [1], units([7])), [], [])
    empty.labels[:] = NOTHING
    with pytest.raises(TokenError, match="nothing is asked for in these lessons, and the mean"):
        InterleavedBatch.of([empty])
    with pytest.raises(TokenError, match="nothing is asked for"):
        InterleavedBatch.of([])
