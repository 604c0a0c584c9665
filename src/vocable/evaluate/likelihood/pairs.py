"""Two recordings, of which one should be the more likely."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vocable.errors import MeasureError


@dataclass(frozen=True)
class Pair:
    """Two recordings, of which a model should find the positive one the more likely.

    part    what is asked, as "speaker": each part has an accuracy of its own
    item    pairs of one item are averaged before items are: voices of a word, sides of a splice
    groups  the subsets of the part that it belongs to
    owner   what items belong together by, as their speaker; left out, the item stands for itself
    """

    name: str
    part: str
    positive: Path
    negative: Path
    item: str
    groups: tuple[str, ...] = ()
    owner: str = ""

    def __post_init__(self) -> None:
        if self.positive.resolve() == self.negative.resolve():
            raise MeasureError(
                f"{self.name} is a pair of {self.positive} with itself; give two recordings"
            )


def pair_at(where: str, *facts: Any) -> Pair:
    """Return what a line of a list says as a pair; MeasureError, with the line, for what is none.

    Such are two names of one file, and names that no file can have.
    """
    try:
        return Pair(*facts)
    except ValueError as error:
        raise MeasureError(f"{where}: {error}") from error
