"""What was said: text and sound as the ids of one sequence, exactly as its template has them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.language.flat.template import Template
from vocable.language.text_ids import TextIds
from vocable.tokens import AudioTokens

Ids = Int64[np.ndarray, " positions"]
Codes = Int64[np.ndarray, "cycles slots"]


@dataclass(frozen=True)
class Utterance:
    """What one speaker says.

    text    what is said; or, where the model has no tokenizer, the ids of `voice: text`
    voice   the name of who says it, which is put before the text; empty: none
    audio   how it was said: tokens of the model's codec, or codes `[cycles, slots]`; None where
            that is to be generated
    """

    text: str | Sequence[int]
    voice: str = ""
    audio: AudioTokens | np.ndarray | None = None


def sequence(
    utterance: Utterance, template: Template, ids: TextIds | None, *, ended: bool = True
) -> Ids:
    """Return an utterance as ids: text, sound, and its end; of one that goes on, no end.

    Raises TokenError for an utterance that makes no sequence.
    """
    text = text_of(utterance, template, ids)
    parts = [template.before, text, template.between]
    if utterance.audio is not None:
        codes = codes_of(utterance.audio, template)
        parts += [(codes + np.array(template.ids.offsets)).ravel(), template.after if ended else ()]
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def text_of(utterance: Utterance, template: Template, ids: TextIds | None) -> list[int]:
    """Return the ids of what is said, by whom; TokenError where there is none."""
    if not len(utterance.text):
        raise TokenError("an utterance's text is empty; say what is spoken")
    if isinstance(utterance.text, str):
        if ids is None:
            raise TokenError(
                "the model has no tokenizer; put tokenizer.json beside its weights, or give text "
                "as ids"
            )
        given = ids(f"{utterance.voice}: {utterance.text}" if utterance.voice else utterance.text)
    elif utterance.voice:
        raise TokenError(
            f'ids of a text hold the name before it as well; leave voice="{utterance.voice}" out'
        )
    else:
        given = utterance.text
    try:
        found = [operator.index(id) for id in given]
    except TypeError:
        raise TokenError(
            f"an utterance's text is a text, or its ids as whole numbers; it is {given!r:.60}"
        ) from None
    if wrong := [id for id in found if not 0 <= id < template.text]:
        raise TokenError(f"id {wrong[0]} is none of text, which has 0 to {template.text - 1}")
    return found


def codes_of(audio: AudioTokens | np.ndarray, template: Template) -> Codes:
    """Return sound as codes of whole cycles; TokenError for what is not such sound.

    What does not fill a cycle at the end is left out.
    """
    if isinstance(audio, AudioTokens):
        audio = _of_tokens(audio, template)
    codes = np.asarray(audio)
    if codes.ndim != 2 or codes.shape[1] != template.slots or codes.dtype.kind not in "iu":
        raise TokenError(
            f"codes are integers [cycles, {template.slots}], got {codes.dtype} {list(codes.shape)}"
        )
    if not len(codes):
        raise TokenError(
            f"an utterance's sound has no whole cycle of {template.cycle} samples; leave audio out "
            "where there is none"
        )
    sizes = [len(each) for each in template.ids.ranges]
    if (wrong := np.argwhere((codes < 0) | (codes >= sizes))).size:
        cycle, slot = wrong[0]
        raise TokenError(
            f"code {codes[cycle, slot]} in slot {slot} of cycle {cycle} is out of range: the codec "
            f"has 0 to {sizes[slot] - 1}"
        )
    return codes.astype(np.int64)


def _of_tokens(tokens: AudioTokens, template: Template) -> Codes:
    if tokens.streams != 1:
        raise TokenError(
            f"an utterance has one voice, but its tokens have {tokens.streams} streams; encode the "
            "recording with mix=True"
        )
    whole = tokens[: tokens.frames // template.spec.step * template.spec.step]
    vocabulary = template.vocabulary(tokens.spec)
    ids = vocabulary.to_ids(whole)[0].reshape(-1, template.slots)
    found: Codes = ids - np.array(vocabulary.offsets)
    return found
