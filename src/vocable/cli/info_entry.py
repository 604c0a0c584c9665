"""One thing that `vocable info` describes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.tokens import TokenSpec

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """A track, a recording, a model or published units.

    facts: for --json, "kind" among them. rows: makes the lines for people. spec: what its tokens
    are; None where nothing says it.
    """

    title: str
    facts: dict[str, Any]
    rows: Callable[[], Rows]
    spec: TokenSpec | None = None
