"""Rows become text, frames and an end frame; of what comes before nothing is learnt."""

import numpy as np
import pytest

import vocable
from tests.speak.finetune import toys
from vocable.speak.finetune.csm.rows import make_batch, make_examples
from vocable.speak.finetune.kept import KEPT
from vocable.speak.prepare.set import PreparedSet


@pytest.fixture(scope="module")
def speaker(model):
    return vocable.load(model)


@pytest.fixture(scope="module")
def found(voice):
    return PreparedSet.read(voice)


def test_every_frame_and_the_end_are_learnt_and_no_text(speaker, found, tmp_path):
    made = make_examples(found.rows, found, speaker, 0, tmp_path)
    batch = make_batch(made.examples[:3])
    for row, example, ids, counted in zip(
        found.rows, made.examples, batch.ids, batch.counted, strict=False
    ):
        codes = speaker.codec.encode(found.path(row)).codes[0]
        text = len(row.text) + 3 + 2  # [0] and the text, between begin and end
        assert example.length == text + codes.shape[1] + 1
        assert not counted[:text].any() and not counted[example.length :].any()
        assert counted[text : example.length].all()
        np.testing.assert_array_equal(ids[text : example.length - 1, :-1].T, codes)
        assert not ids[example.length - 1, :-1].any() and (ids[example.length :] == -1).all()


def test_context_is_seen_and_not_learnt(speaker, found, tmp_path):
    rows = found.rows
    alone = make_examples(rows, found, speaker, 0, tmp_path).examples
    turns = make_examples(rows, found, speaker, 1, tmp_path).examples
    first, second = alone[0], alone[1]
    assert (turns[0].first, turns[0].length) == (0, first.length)
    if first.length + second.length <= speaker.config.backbone.context:
        np.testing.assert_array_equal(turns[1].ids, np.concatenate([first.ids, second.ids]))
    counted = make_batch([turns[1]]).counted[0]
    assert int(counted.sum()) == int(make_batch([second]).counted.sum())
    valid = [example for example in turns if example.name == found.part("valid")[0].file_name]
    assert valid[0].first == 0, "what is held out follows nothing that is learnt"
    many = make_examples(rows, found, speaker, 9, tmp_path).examples
    assert max(example.length for example in many) <= speaker.config.backbone.context


def test_codes_are_made_once(speaker, found, tmp_path, monkeypatch):
    once = make_examples(found.rows, found, speaker, 0, tmp_path).examples
    monkeypatch.setattr(type(speaker.codec), "encode", None)
    again = make_examples(found.rows, found, speaker, 0, tmp_path).examples
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
    monkeypatch.undo()
    (tmp_path / KEPT).write_bytes(b"damaged")
    anew = make_examples(found.rows, found, speaker, 0, tmp_path).examples
    np.testing.assert_array_equal(anew[0].ids, once[0].ids)


def test_what_does_not_fit_is_left_out_with_the_reason(speaker, tmp_path):
    voice = PreparedSet.read(toys.write_set(tmp_path / "set", rows=3, held_out=0))
    from dataclasses import replace

    texts = ["a" * 60, "", "ab"]
    rows = [replace(row, text=text) for row, text in zip(voice.rows, texts, strict=True)]
    made = make_examples(rows, voice, speaker, 0, tmp_path)
    assert [example.name for example in made.examples] == [rows[2].file_name]
    long, empty = (made.left_out[row.file_name] for row in rows[:2])
    assert "positions of 64" in long and "text is empty" in empty
