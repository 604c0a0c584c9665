"""Recordings as sequences of ids, for forms that know nothing else: one for each stream.

Ids come from a vocabulary whose layout has one row. Where it has `eos`, each sequence ends with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vocable.corpus.marks import Item, Mark
from vocable.corpus.outputs.base import Form, Marks, Output
from vocable.corpus.rows import Row
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source, Vocabulary

VOCABULARY = "vocabulary.json"


class Ids(Output):
    """An output that holds ids; without a vocabulary it takes `Vocabulary.of(spec)`, flattened."""

    takes_vocabulary = True
    ends: ClassVar[tuple[str, ...]] = (VOCABULARY,)
    large: str = "<u4"  # the type of ids that uint16 does not hold

    def __init__(self, form: Form) -> None:
        super().__init__(form)
        self.vocabulary = form.vocabulary or Vocabulary.of(form.spec, levels=form.levels)
        if not self.vocabulary.layout.one_row:
            raise TokenError(
                f"{self.name} holds one sequence a recording and layout "
                f"{self.vocabulary.layout.name} has several rows; take flatten or level_major"
            )
        if not self.vocabulary.spec.same_codes(form.spec) or self.vocabulary.levels != form.levels:
            raise TokenError(
                f"the vocabulary is of {self.vocabulary.levels} levels of "
                f"{self.vocabulary.spec.space}, the tokens of {form.levels} of {form.spec.space}"
            )
        if form.spec.sides:
            raise TokenError(f"{form.spec.name} has sides, which ids do not hold; take parquet")
        if self.vocabulary.size - 1 > (most := int(np.iinfo(self.dtype).max)):
            raise TokenError(
                f"{self.name} holds ids up to {most}, the vocabulary's go up to "
                f"{self.vocabulary.size - 1}"
            )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the ids: uint16 where that holds them, else `large`; little-endian."""
        return np.dtype("<u2" if self.vocabulary.size <= 1 << 16 else self.large)

    def refuses(self, tokens: AudioTokens) -> str:
        if tokens.frames or self.eos is not None:
            return ""
        return f"it is shorter than a token, and {self.name} holds no empty sequence"

    def finish(self, folder: Path, marks: Marks) -> None:
        self.vocabulary.save(folder / VOCABULARY, overwrite=True)

    @property
    def eos(self) -> int | None:
        """The id that ends a sequence."""
        return self.vocabulary.specials.get("eos")

    def sequences(self, row: Row) -> Iterator[np.ndarray]:
        """Yield the ids of each stream of a recording."""
        ids = self.vocabulary.to_ids(row.tokens)
        if self.eos is not None:
            ids = np.pad(ids, ((0, 0), (0, 1)), constant_values=self.eos)
        yield from ids.astype(self.dtype)

    def recordings(self, mark: Mark, sequences: Iterator[np.ndarray]) -> Iterator[AudioTokens]:
        """Yield the tokens of a shard's recordings from its sequences."""
        for item in mark.items:
            streams = islice(sequences, item.streams(self.form.spec.channels))
            yield self._tokens(item, list(streams))

    def _tokens(self, item: Item, sequences: Sequence[np.ndarray]) -> AudioTokens:
        ids = np.stack([np.asarray(each).astype(np.int64) for each in sequences])
        if self.eos is not None:
            if (ids[:, -1] != self.eos).any():
                raise TokenError(f"{item.id} does not end with {self.eos}, the vocabulary's eos")
            ids = ids[:, :-1]
        source = Source(item.samples, item.rate, item.channels)
        return self.vocabulary.from_ids(ids, source=source)
