"""Law 5 for text and audio by turns, and the orders of CosyVoice and GLM-4-Voice."""

import numpy as np
import pytest

from tests.tokens.joint import FRAMES, ONE, E, named, same, words
from tests.tokens.strategies import made
from tests.tokens.test_layouts import numbered, plain
from tests.tokens.test_spec import SNAC
from vocable.errors import TokenError
from vocable.tokens.layouts import (
    Chunks,
    Joint,
    cosyvoice,
    from_ids,
    glm_voice,
)

COSY = cosyvoice()


@FRAMES
@pytest.mark.parametrize("text", [0, 1, 4, 5, 12])
@pytest.mark.parametrize("chunks", [glm_voice(), COSY, Chunks(1, 2), Chunks(2, 3, end="end")])
@pytest.mark.parametrize("spec", [ONE, plain(3, (4, 2, 1))], ids=["one", "rates"])
def test_chunks_come_back(chunks, text, frames, spec):
    parts = {"text": words(text), "audio": made(spec, len(spec.levels), 1, frames)}
    tokens = sum(codes.shape[1] for codes in parts["audio"].stacks)
    if chunks is COSY and tokens < text // 5 * 15:
        with pytest.raises(TokenError, match="tokens of audio in chunks of 5 and 15, got"):
            chunks.arrange(parts)
        return
    joint = chunks.arrange(parts)
    assert joint.steps == chunks.steps(text, tokens)
    assert same(chunks.restore(joint, {"audio": spec}), parts)
    read = chunks.recover(joint, {"audio": spec})
    assert same(read.parts, parts) and read.lost == {"audio": 0} and read.dropped == 0


def test_five_of_text_and_fifteen_of_speech():
    """CosyVoice 2: sos, 5 text, 15 speech, …, the rest of text, task_id, the rest of speech, eos"""
    joint = COSY.arrange({"text": words(7), "audio": numbered(ONE, 20)})
    text, speech = ["text"], ["audio.0"]
    assert named(joint) == [
        "start", *text * 5, *speech * 15, *text * 2, "rest", *speech * 5, "end"
    ]  # fmt: skip
    assert joint.of("text").tolist() == words(7).tolist()
    # its labels: speech, fill where more text is wanted, eos; nothing of text, sos and task_id
    assert named(COSY.targets(joint)) == [
        "-", *["-"] * 5, *speech * 15, "fill", "-", "-", *speech * 5, "end"
    ]  # fmt: skip


def test_text_that_ends_with_a_chunk_is_asked_for_once_more():
    """CosyVoice 2 writes fill after every whole chunk, also where no text is left."""
    joint = COSY.arrange({"text": words(5), "audio": numbered(ONE, 16)})
    assert named(joint)[-3:] == ["rest", "audio.0", "end"]
    assert named(COSY.targets(joint))[-3:] == ["fill", "audio.0", "end"]


def test_thirteen_of_text_and_26_of_audio():
    joint = glm_voice().arrange({"text": words(15), "audio": numbered(ONE, 60)})
    text, audio = ["text"], ["audio.0"]
    assert named(joint) == [*text * 13, *audio * 26, *text * 2, *audio * 34]
    assert glm_voice().targets(joint) == joint  # the model writes the text too


@pytest.mark.parametrize("chunks", [glm_voice(), COSY, Chunks(2, 6)])
@pytest.mark.parametrize("text", [0, 2, 5, 10, 13])
@pytest.mark.parametrize("spec", [ONE, SNAC], ids=["one", "snac"])
def test_what_the_loss_counts_is_legal(chunks, text, spec):
    levels = len(spec.levels)
    parts = {"text": words(text), "audio": made(spec, levels, 1, 40)}
    joint = chunks.arrange(parts)
    wanted = chunks.targets(joint).kind[0]
    legal = chunks.legal(spec, range(joint.steps + 1), text=text)
    end = joint.kinds.index("end") if "end" in joint.kinds else None
    for step, kind in enumerate(wanted.tolist()):
        if kind == end:
            assert legal.end[0, step]
        else:
            allowed = np.flatnonzero(legal.kinds[0, step]).tolist()
            assert allowed == ([] if kind == E else [kind]), step
    if end is None:
        assert legal.end[0, joint.steps]
    assert not legal.end[0, :text].any()


def test_text_that_still_comes_leaves_no_room_for_the_end():
    legal = COSY.legal(ONE, range(1, 41))
    assert not legal.end.any()
    assert legal.kinds[0, :, 1].tolist() == ([False] * 5 + [True] * 15) * 2
    assert np.flatnonzero(legal.kinds[0, :, 2 + 2]).tolist() == [20]  # fill, in place of text


def test_lost_tokens_in_chunks_are_counted():
    spec = plain(3)
    parts = {"text": words(4), "audio": numbered(spec, 12)}
    joint = Chunks(2, 9).arrange(parts)
    at = 3  # level 1 of frame 0
    cut = Joint(joint.kinds, np.delete(joint.kind, at, 1), np.delete(joint.token, at, 1))
    read = Chunks(2, 9).recover(cut, {"audio": spec})
    assert read.lost == {"audio": 1} and read.dropped == 2
    assert (read.parts["audio"].stacks[0] == np.arange(1, 12)).all()
    short = Chunks(2, 9).recover(joint[:-4], {"audio": spec})
    assert (short.parts["audio"].frames, short.lost, short.dropped) == (10, {"audio": 1}, 2)


def test_ids_of_one_table():
    """CosyVoice 2 has 6561 codes, then eos, task and fill; text is in front of them here."""
    marks = {"end": 7061, "rest": 7062, "fill": 7063, "start": 7064}
    ids = {name: range(number, number + 1) for name, number in marks.items()}
    ids |= {"text": range(500), "audio.0": range(500, 7061)}
    joint = COSY.arrange({"text": words(6), "audio": numbered(ONE, 17)})
    flat = joint.to_ids(ids)
    assert flat[0, :7].tolist() == [7064, 100, 101, 102, 103, 104, 500]
    assert from_ids(flat[0], [COSY.kinds(1)], ids) == joint
