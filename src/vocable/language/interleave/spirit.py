"""Spans of words by turns, as text or as units, in one sequence.

SpiritLM's base form (Nguyen et al. 2024, 2402.05755): a mark stands where the kind changes, at the
beginning of a word, at random. Everything is foretold, marks too. The paper says how many words a
span has, 10 to 30 of text and 5 to 15 of speech, and not which word the silence between two goes
with; here it goes with the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vocable.errors import TokenError
from vocable.language.interleave.lesson import AUDIO, MARK, TEXT, Interleaved
from vocable.language.interleave.rows import audio_row, marks_of, text_row
from vocable.language.interleave.spoken import SpokenWords
from vocable.language.text_ids import TextIds
from vocable.language.text_model import AudioIds

MARKS = ("text", "speech")  # published as [Text] and [Speech]


@dataclass(frozen=True)
class Span:
    """The words from `first` up to `last`, as AUDIO or as TEXT."""

    kind: int
    first: int
    last: int


def draw_spans(
    spoken: SpokenWords,
    seed: int,
    *,
    text: tuple[int, int] = (10, 30),
    speech: tuple[int, int] = (5, 15),
) -> list[Span]:
    """Return spans of text and speech by turns that hold all words, drawn by a seed.

    text, speech   the fewest and the most words of a span, all numbers between equally likely; one
                   goes on to the next word that has a frame of its own, and the last has what is
                   left. Which kind comes first is drawn too.
    """
    for name, (low, high) in (("text", text), ("speech", speech)):
        if not 1 <= low <= high:
            raise TokenError(f"{name} must be the fewest and the most words, got {low} and {high}")
    random = np.random.default_rng(seed)
    kind, first, found = int(random.integers(2)), 0, list[Span]()
    switches = spoken.switches
    while first < len(spoken):
        low, high = text if kind == TEXT else speech
        wanted = first + int(random.integers(low, high, endpoint=True))
        last = next((each for each in switches if each >= wanted), len(spoken))
        found.append(Span(kind, first, last))
        kind, first = AUDIO + TEXT - kind, last
    return found


def spirit_lesson(
    ids: AudioIds,
    spoken: SpokenWords,
    spans: Sequence[Span],
    text_ids: TextIds,
    *,
    before: Sequence[int] = (),
    after: Sequence[int] = (),
) -> Interleaved:
    """Return spans as one sequence: a mark wherever the kind changes, then text or units.

    ids         of the units, with the specials "text" and "speech"
    spans       of all words, in order, as `draw_spans` gives them
    text_ids    the ids of a text without any for its beginning or end; each span is read by itself
    before      given, as the beginning of a text, which SpiritLM has; `after` is foretold

    TokenError for spans that leave words out or hold no frame, and units of another space.
    """
    _check(spans, spoken)
    marks = marks_of(ids, MARKS)
    rows, kinds, last = [], [], None
    for span in spans:
        if span.kind != last:
            rows.append(np.array([marks[span.kind]]))
            kinds.append(MARK)
        written = spoken.text(span.first, span.last)
        rows.append(
            audio_row(ids, spoken.units(span.first, span.last))
            if span.kind == AUDIO
            else text_row(ids, text_ids(written), f'"{written:.40}"')
        )
        kinds.append(span.kind)
        last = span.kind
    row = np.concatenate(rows)
    inner = Interleaved(row, row, np.repeat(kinds, [len(each) for each in rows]))
    return Interleaved.framed(inner, before, after)


def _check(spans: Sequence[Span], spoken: SpokenWords) -> None:
    at = 0
    for span in spans:
        if span.first != at or span.last <= at or span.kind not in (TEXT, AUDIO):
            raise TokenError(f"spans must follow each other from word {at}, got {span}")
        at = span.last
    if at != len(spoken):
        raise TokenError(f"spans must hold all {len(spoken)} words, got {at}")
