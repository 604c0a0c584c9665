"""A text and the frames of a recording as steps of ids.

A step is a symbol of the text (its number, stress and place in the word) or codes; where it stands
among those of its kind is a row of its own. Behind a text comes the symbol that ends it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Int

from vocable.errors import TokenError
from vocable.language.lessons import NOTHING, Text
from vocable.language.valle.config import ValleConfig
from vocable.text.languages import USUAL
from vocable.text.phones import BEGIN, SYMBOLS
from vocable.text.spoken import spoken
from vocable.tokens import AudioTokens

AT = 3  # the row that says where a step stands; behind the three of a symbol
CODES = 4  # the first row of codes


@lru_cache(1 << 14)
def phones(text: Text) -> Int[np.ndarray, "symbols 3"]:
    """Return the symbols of a text. TokenError for one without words, or in another language."""
    return spoken(text.words, text.language or USUAL).rows.astype(np.int64)


def phones_of_both(prompt_text: Text, text: Text) -> Int[np.ndarray, "symbols 3"]:
    """Return the symbols of a prompt's text and of what is to be said, as those of one text."""
    if not prompt_text.words.strip():
        raise TokenError("the prompt comes without its text; tell what is said in it")
    first, second = phones(prompt_text), phones(text)
    assert second[0, 0] == SYMBOLS.index(BEGIN), "each text begins so"
    return np.concatenate((first, second[1:]))


def text_steps(
    config: ValleConfig, symbols: Int[np.ndarray, "symbols 3"], rows: int
) -> Int[np.ndarray, "steps rows"]:
    """Return symbols and the end of the text as steps of so many rows."""
    steps = np.full((len(symbols) + 1, rows), NOTHING)
    steps[:-1, :AT], steps[-1, 0] = symbols, config.symbols
    steps[:, AT] = np.arange(len(steps))
    return steps


def code_steps(codes: Int[np.ndarray, "steps codes"]) -> Int[np.ndarray, "steps rows"]:
    """Return codes as steps from position 0 on."""
    steps = np.full((len(codes), CODES + codes.shape[1]), NOTHING)
    steps[:, CODES:], steps[:, AT] = codes, np.arange(len(codes))
    return steps


def frames(config: ValleConfig, tokens: AudioTokens, levels: int) -> Int[np.ndarray, "time levels"]:
    """Return the codes of one stream, frame by frame. TokenError for what is not the model's."""
    if tokens.streams != 1:
        raise TokenError(f"VALL-E reads one stream, not {tokens.streams}; take one channel")
    if not tokens.spec.same_codes(config.tokens):
        raise TokenError(
            f"tokens are of {tokens.spec.space}, the model reads {config.tokens.space}"
        )
    if tokens.levels < levels:
        raise TokenError(f"tokens have {tokens.levels} levels, the model reads {levels}")
    stacks = tokens.expand().stacks[:levels]
    return np.stack([each[0] for each in stacks], 1).astype(np.int64)


def check_whole(text: Text | None, *, begins: bool, ends: bool) -> Text:
    """Return the text of a recording that is learnt from; TokenError without one, or for a part."""
    if text is None or not (begins and ends):
        raise TokenError("VALL-E learns from whole recordings with their text")
    return text
