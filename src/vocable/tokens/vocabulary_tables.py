"""Say which embedding tables and heads a model needs for a vocabulary, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from .positions import EMPTY
from .vocabulary_card import VocabularyLike

_ONLY_READ = ("pad", "bos")  # specials that a model is given and never predicts


@dataclass(frozen=True)
class Tables:
    """Rows of a model's embedding tables and heads.

    embeddings  rows of each table: one table for all ids, or one a row of the layout, whose
                vectors are summed at the input
    heads       rows of each head, as few as predict every id that may come out: "pad" and "bos"
                behind the codes are left off
    """

    embeddings: tuple[int, ...]
    heads: tuple[int, ...]

    def parameters(self, width: int, *, tied: bool = False) -> int:
        """Count the parameters of tables and heads of this width; tied heads cost nothing."""
        return width * (sum(self.embeddings) + (0 if tied else sum(self.heads)))


def levels_of_rows(vocabulary: VocabularyLike) -> list[list[int]]:
    """Return the levels whose tokens stand in each row of the layout."""
    spec = vocabulary.spec
    grid = vocabulary.layout.positions(spec, spec.step, vocabulary.levels).level
    return [sorted({int(level) for level in row} - {EMPTY}) for row in grid]


def tables_of(vocabulary: VocabularyLike) -> Tables:
    """Return the tables: one of all ids, unless levels in different rows share ids."""
    ends = [ids.stop for ids in vocabulary.ranges]
    rows = levels_of_rows(vocabulary)
    above = {name: number + 1 for name, number in vocabulary.specials.items()}
    predicted = [end for name, end in above.items() if name not in _ONLY_READ]
    if _share_ids(vocabulary):
        embeddings = [max([*above.values(), *(ends[level] for level in row)]) for row in rows]
        heads = [max([*predicted, *(ends[level] for level in row)]) for row in rows]
        return Tables(tuple(embeddings), tuple(heads))
    head = max([vocabulary.text, *ends, *predicted])
    return Tables((vocabulary.size,), (head,) * len(rows))


def _share_ids(vocabulary: VocabularyLike) -> bool:
    """Say whether an id stands for codes of several levels, told apart by their rows."""
    ids = sorted((each.start, each.stop) for each in vocabulary.ranges)
    return any(begin < end for (_, end), (begin, _) in zip(ids, ids[1:], strict=False))
