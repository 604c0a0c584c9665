"""Text and audio by turns of so many ids, as lessons: `Chunks` in the ids of one vocabulary.

GLM-4-Voice (2412.02612)        13 of text, 26 of audio, which the model writes after a prompt
CosyVoice 2 (2412.10117), 3     5 of text, 15 of speech; text is given, and asked for by a mark

What is counted are ids: of a vocabulary with merged units, merged ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int64

from vocable.language.interleave.lesson import MARK, Interleaved
from vocable.language.interleave.rows import audio_row, base_of, marks_of, text_row
from vocable.language.lessons import NOTHING
from vocable.language.text_model import AudioIds
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.layouts import Chunks, cosyvoice


def chunk_lesson(
    order: Chunks,
    ids: AudioIds,
    text: Sequence[int],
    tokens: AudioTokens,
    *,
    before: Sequence[int] = (),
    after: Sequence[int] = (),
) -> Interleaved:
    """Return text and audio in turns; a loss counts what `order.targets` has.

    order   as `glm_voice()`; its marks are specials of the vocabulary by the same names
    text    ids of any tokenizer, below those of the vocabulary
    before  given: a prompt, with the ids of what was asked; none of it is counted
    after   foretold: how the model ends, for GLM-4-Voice its tokenizer's `<|user|>`

    TokenError for text or audio that is empty, ids that are not of text, tokens of another space,
    and too little audio for an order that has a mark where text runs out.
    """
    row = audio_row(ids, tokens)
    return Interleaved.framed(_turns(order, ids, text_row(ids, text), row), before, after)


def cosyvoice_lesson(
    ids: AudioIds, text: Sequence[int], tokens: AudioTokens, seed: int
) -> Interleaved:
    """Return a lesson as CosyVoice 2 and 3 are trained, one of two forms drawn by the seed.

    By turns, with the same chance as all text before all speech, if there are more than three of
    speech to one of text; else all text first. The vocabulary has the specials "start", "rest",
    "fill" and "end". Errors as of `chunk_lesson`.
    """
    given, row, order = text_row(ids, text), audio_row(ids, tokens), cosyvoice()
    turns = np.random.default_rng(seed).random() < 0.5
    if not turns or len(row) * order.text <= len(given) * order.audio:
        order = replace(order, text=len(given) + 1)  # no chunk of text is ever full
    return Interleaved.framed(_turns(order, ids, given, row))


def _turns(
    order: Chunks,
    ids: AudioIds,
    text: Int64[np.ndarray, " ids"],
    audio: Int64[np.ndarray, " ids"],
) -> Interleaved:
    base = base_of(ids)
    names = [mark for mark in (order.start, order.rest, order.fill, order.end) if mark]
    table = {name: range(id, id + 1) for name, id in zip(names, marks_of(ids, names), strict=True)}
    table |= {"text": range(base.text), "audio.0": range(base.text, ids.size)}
    # One level of as many entries as there are ids: chunks count ids, whatever levels these are of.
    level = Level(ids.size - base.text)
    spec = TokenSpec(base.spec.space, base.spec.rate, base.spec.frame, 1, (level,), (1,))
    joint = order.arrange({"text": text, "audio": AudioTokens(spec, [audio[None] - base.text])})
    targets = order.targets(joint)
    return Interleaved(
        joint.to_ids(table)[0],
        targets.to_ids(table, empty=NOTHING)[0],
        np.minimum(targets.kind[0], MARK).astype(np.int64),
    )
