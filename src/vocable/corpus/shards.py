"""Read the shards of a corpus, finished or not, and notice one that holds something else."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from vocable.corpus.marks import Item, Mark, path_of, read_mark
from vocable.corpus.plan import corpus_plan
from vocable.corpus.worker import output_for
from vocable.errors import FormatError
from vocable.tokens import AudioTokens, TokenSpec

Recording = tuple[Item, AudioTokens]
# What a damaged shard causes, by the form that it has; pyarrow's errors are of these, too.
_DAMAGE = (ValueError, LookupError, TypeError, OSError, EOFError, tarfile.TarError)


class Shards:
    """The shards of a corpus; FileNotFoundError for one without a plan.

    plan    what it was made from, by what and to what
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.plan = corpus_plan(self.folder)
        self.output = output_for(self.plan)

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are."""
        return self.output.form.spec

    @property
    def levels(self) -> int:
        """How many levels each recording has."""
        return self.plan.levels

    def mark(self, piece: int) -> Mark:
        """Return what a piece became."""
        if (found := read_mark(self.folder, piece)) is None:
            raise FormatError(
                f"{self.folder} has no mark of piece {piece}; run `vocable corpus encode` again"
            )
        return found

    def marks(self) -> Iterator[Mark]:
        """Yield what each piece became."""
        return (self.mark(piece) for piece in range(self.plan.pieces))

    def read(self, mark: Mark) -> Iterator[Recording]:
        """Yield the recordings of a piece. FormatError where its shard does not hold them."""
        if not mark.items:
            return
        found = self.output.read(self.folder, mark)
        for item in mark.items:
            tokens = self._next(found, mark)
            if tokens is None:
                raise self._damaged(mark, f"it ends before {item.id}")
            if not tokens.spec.same_codes(self.spec) or tokens.frames != item.frames:
                raise self._damaged(
                    mark,
                    f"it has {tokens.frames} frames of {tokens.spec.space} as {item.id}, which has "
                    f"{item.frames} of {self.spec.space}",
                )
            yield item, tokens
        if self._next(found, mark) is not None:
            raise self._damaged(mark, f"it holds more than {len(mark.items)} recordings")

    def _next(self, found: Iterator[AudioTokens], mark: Mark) -> AudioTokens | None:
        try:
            return next(found, None)
        except FileNotFoundError as error:
            gone = [name for name in mark.files if not (self.folder / name).exists()]
            where = self.folder / (gone or [""])[0]
            raise FileNotFoundError(f"{where} is missing; {self.repair(mark)}") from error
        except _DAMAGE as error:
            raise self._damaged(mark, str(error)) from error

    def _damaged(self, mark: Mark, why: str) -> FormatError:
        where = self.folder / next(iter(mark.files), "")
        return FormatError(f"{where}, piece {mark.piece}, is damaged: {why}; {self.repair(mark)}")

    def repair(self, mark: Mark) -> str:
        """Return what makes a piece anew."""
        place = path_of(self.folder, mark.piece).relative_to(self.folder)
        return f"remove {place} and run `vocable corpus encode` again"
