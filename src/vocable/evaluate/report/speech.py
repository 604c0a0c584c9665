"""Show what became of words and voices, the recogniser's and the embedding's own errors first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vocable.evaluate.intervals import Interval
from vocable.evaluate.report.figures import digits_of, number, span
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.tables import table
from vocable.evaluate.summary.values import Row, Summary
from vocable.evaluate.words import ErrorRate, WordErrors

_WORDS = ("system", "errors, %", "added", "against the original", "claim", "recordings")
_VOICES = ("system", "similarity", "confused, %", "recordings")


def has_speech(summary: Summary) -> bool:
    """Return whether anybody listened for words or voices."""
    return any(row.words or row.voices for row in summary.rows)


def speech(summary: Summary) -> Iterator[Markup]:
    """Yield a table of each set and recogniser, then of each set and embedding."""
    for of_set in summary.sets():
        rows = summary.of(of_set)
        for recogniser in dict.fromkeys(name for row in rows for name in row.words):
            found = [(row.system, row.words[recogniser]) for row in rows if recogniser in row.words]
            yield table(
                _WORDS, [_words(*each) for each in found], _heard(of_set, recogniser, found)
            )
        for embedding in dict.fromkeys(name for row in rows for name in row.voices):
            caption = _known(summary, of_set, embedding)
            kept = [row for row in rows if embedding in row.voices]
            yield table(_VOICES, [_voice(row, embedding) for row in kept], caption)


def _heard(of_set: str, recogniser: str, found: Sequence[tuple[str, WordErrors]]) -> str:
    own = next((errors.own for _, errors in found if errors.own), None)
    told = "no text is known" if own is None else (
        f"wrong by itself in {own.rate:.1%} ({span(_percent(own.interval), 1)} %)"
    )  # fmt: skip
    return f"{of_set}: words that {recogniser} hears, {told}"


def _words(system: str, errors: WordErrors) -> list[str]:
    scored = errors.decoded or errors.differential
    return [
        system,
        _rate(errors.decoded),
        _cell(None if errors.added is None else _percent(errors.added)),
        _rate(errors.differential),
        errors.claim or "",
        str(scored.scored if scored else 0),
    ]


def _known(summary: Summary, of_set: str, embedding: str) -> str:
    own = summary.own.get((of_set, embedding))
    if own is None:
        return f"{of_set}: voices by {embedding}, which could not be checked on these speakers"
    return (
        f"{of_set}: voices by {embedding}, which confuses {own.rate:.1%} of these speakers; one "
        f"voice in two recordings is {own.same:.2f} alike, two voices {own.different:.2f}"
    )


def _voice(row: Row, embedding: str) -> list[str]:
    kept = row.voices[embedding]
    confused = None if kept.verification is None else _percent(kept.verification.interval)
    return [row.system, _cell(kept.similarity), _cell(confused), str(kept.scored)]


def _rate(rate: ErrorRate | None) -> Markup:
    return _cell(None if rate is None else _percent(rate.interval))


def _cell(interval: Interval | None) -> Markup:
    if interval is None:
        return number(None)
    digits = digits_of([interval], 3)
    return joined([number(interval.mean, digits), tag("small", span(interval, digits))])


def _percent(interval: Interval) -> Interval:
    return Interval(100 * interval.mean, 100 * interval.low, 100 * interval.high)
