"""Show in a notebook which ids a vocabulary gives to what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ..notebook import card
from .layouts import Layout
from .spec import TokenSpec

SHOWN = 16  # slots, and specials; after them the count


@runtime_checkable
class VocabularyLike(Protocol):
    """What `Vocabulary` knows of itself; see there."""

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def levels(self) -> int: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def offsets(self) -> tuple[int, ...]: ...

    @property
    def slots(self) -> tuple[int, ...]: ...

    @property
    def text(self) -> int: ...

    @property
    def specials(self) -> Mapping[str, int]: ...

    @property
    def ranges(self) -> tuple[range, ...]: ...

    @property
    def by(self) -> str: ...

    @property
    def size(self) -> int: ...


def vocabulary_card(vocabulary: VocabularyLike) -> str:
    """Return a vocabulary as HTML: its layout, and what each range of ids stands for."""
    layout = vocabulary.layout.name
    for name in ("delays", "groups"):
        if setting := getattr(vocabulary.layout, name):
            layout += f", {name} {', '.join(map(str, setting))}"
    specials = [(name, str(number)) for name, number in vocabulary.specials.items()]
    rows = [("space", vocabulary.spec.space), ("layout", layout), ("ids", f"{vocabulary.size}")]
    rows += [("text", f"0 to {vocabulary.text - 1}")] if vocabulary.text else []
    rows += [*_cut(specials, "specials"), *_cut(_blocks(vocabulary), f"{vocabulary.by}s")]
    return card("Vocabulary", vocabulary.spec.name, rows)


def _blocks(vocabulary: VocabularyLike) -> list[tuple[str, str]]:
    """Return the ids of each level, or of each slot of the cycle."""
    rows = []
    pairs = zip(vocabulary.ranges, vocabulary.slots, strict=True)
    for number, (ids, level) in enumerate(pairs):
        name = f"level {level}" if vocabulary.by == "level" else f"slot {number}, level {level}"
        rows.append((name, f"{ids.start} to {ids.stop - 1}"))
    return rows


def _cut(rows: list[tuple[str, str]], what: str) -> list[tuple[str, str]]:
    more = len(rows) - SHOWN
    return rows if more <= 0 else [*rows[:SHOWN], ("…", f"{more} more {what}")]
