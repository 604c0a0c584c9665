"""Give frequent strings of units an id of their own: fewer tokens a second for a language model.

Shen et al., "Acoustic BPE for speech generation with discrete tokens" (2310.14580). All units are
tokens, so nothing is unknown, and a merged id stands for its units exactly. Units of several levels
are taken flattened, in which case a merge may cross from one frame into the next (codec BPE).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from ...atomic import replacing
from ...errors import TokenError
from ..checks import integers
from ..spec_json import canonical_json, check_keys
from ..spec_parts import Source, check_count
from ..values import AudioTokens
from ..vocabulary import MAX_ID, Vocabulary
from . import tokenizers_file
from .merging import Merge, Merger, Strings, learn

TOKENIZER, FACTS = "tokenizer.json", "acoustic_bpe.json"


@dataclass(frozen=True)
class AcousticBPE:
    """Ids for units and for merged units.

    base      the ids of the units: a flat vocabulary whose blocks follow each other, after text
              and specials; merged ids follow these
    merges    pairs of tokens, in the order in which they merge; units count from 0
    deduped   whether the units are of tokens with durations, one unit for equal neighbours
    """

    base: Vocabulary
    merges: tuple[Merge, ...]
    deduped: bool
    _strings: Strings = field(init=False, repr=False, compare=False)
    _merger: Merger = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_base(self.base)
        object.__setattr__(self, "merges", tuple(self.merges))
        strings = Strings(self.units)
        for number, (left, right) in enumerate(self.merges):
            if not (0 <= left < len(strings) and 0 <= right < len(strings)):
                raise TokenError(
                    f"merge {number} joins {left} and {right}; there are {len(strings)} tokens then"
                )
            strings.add(left, right)
        object.__setattr__(self, "_strings", strings)
        object.__setattr__(self, "_merger", Merger(strings, self.merges))

    @classmethod
    def train(
        cls,
        base: Vocabulary,
        corpus: Iterable[AudioTokens],
        size: int,
        *,
        longest: int | None = None,
    ) -> AcousticBPE:
        """Learn merges from tokens until there are `size` ids in all, or no pair occurs twice.

        longest   the most frames of one id, all levels of a frame together; for tokens with
                  durations, the most tokens
        """
        _check_base(base)
        check_count("size", size, base.size, MAX_ID)
        tokens = list(corpus)
        kinds = {each.durations is not None for each in tokens}
        if len(kinds) != 1:
            raise TokenError(
                "corpus must be tokens, all with durations or all without, got "
                + ("both" if kinds else "none")
            )
        if longest is not None:
            check_count("longest", longest, 1, MAX_ID)
            longest = _tokens_of_frames(base, longest)
        rows = [row - base.offsets[0] for each in tokens for row in _unit_ids(base, each)]
        first = base.offsets[0]
        merges = learn(rows, base.size - first, size - first, longest)
        return cls(base, tuple(merges), kinds.pop())

    @property
    def units(self) -> int:
        """How many units there are: the codes of all levels."""
        return self.base.size - self.base.offsets[0]

    @property
    def size(self) -> int:
        """One more than the highest id: rows of an embedding."""
        return self.base.offsets[0] + len(self._strings)

    def to_ids(self, tokens: AudioTokens) -> list[Int64[np.ndarray, " ids"]]:
        """Return the ids of each stream; the durations stay with the tokens."""
        if (tokens.durations is not None) != self.deduped:
            raise TokenError(
                "merges were learned from tokens "
                + ("with durations; use tokens.dedup()" if self.deduped else
                   "without durations; use tokens.expand()")
            )  # fmt: skip
        first = self.base.offsets[0]
        rows = _unit_ids(self.base, tokens)
        return [
            np.array(self._merger.merge((row - first).tolist()), np.int64) + first for row in rows
        ]

    def expand(self, ids: Any) -> Int64[np.ndarray, " units"]:
        """Return the ids of single units that these ids of one stream stand for."""
        given, first = integers("ids", ids), self.base.offsets[0]
        if given.ndim != 1:
            raise TokenError(f"ids must be those of one stream, got shape {list(given.shape)}")
        wrong = np.flatnonzero((given < first) | (given >= self.size))
        if wrong.size:
            raise TokenError(
                f"id {given[wrong[0]]} at position {wrong[0]} does not belong there; "
                f"wanted {first} to {self.size - 1}"
            )
        strings = (self._strings[token] for token in (given.astype(np.int64) - first).tolist())
        return np.fromiter(chain.from_iterable(strings), np.int64) + first

    def from_ids(
        self,
        ids: Sequence[Any],
        *,
        durations: Any = None,
        sides: Mapping[str, Any] | None = None,
        source: Source | None = None,
    ) -> AudioTokens:
        """Return the tokens of the ids of each stream, with the durations that they had.

        TokenError, with the position, for ids out of range, for levels out of their order, and
        where durations are missing.
        """
        if self.deduped and durations is None:
            raise TokenError(
                "units had durations, which ids do not hold; give durations= of each unit, "
                "or take expand(ids) for the units alone"
            )
        rows = [self.expand(each) for each in ids]
        if len({len(row) for row in rows}) > 1:
            raise TokenError(f"streams have {', '.join(str(len(row)) for row in rows)} units")
        if not rows:
            raise TokenError("ids must be those of at least one stream, got none")
        tokens = self.base.from_ids(np.stack(rows), sides=sides)
        return AudioTokens(tokens.spec, tokens.stacks, tokens.sides, durations, source)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write `tokenizer.json`, which `tokenizers` reads too, and what it has no place for."""
        facts = {"base": self.base.to_dict(), "deduped": self.deduped}
        Path(folder).mkdir(parents=True, exist_ok=True)
        with replacing(Path(folder) / FACTS, overwrite=overwrite) as fresh:
            fresh.write_bytes(canonical_json(facts) + b"\n")
            tokenizers_file.write(Path(folder) / TOKENIZER, self.units, self.merges)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> AcousticBPE:
        """Read what `save` wrote; TokenError for anything else."""
        path = Path(folder) / FACTS
        try:
            form = check_keys("merged units", json.loads(path.read_bytes()), {"base", "deduped"})
            base, deduped = Vocabulary.from_dict(form["base"]), bool(form["deduped"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise TokenError(f"{path} does not describe merged units: {error}") from error
        units = base.size - base.offsets[0]
        merges = tokenizers_file.read_merges(Path(folder) / TOKENIZER, units)
        return cls(base, tuple(merges), deduped)


def _check_base(base: Vocabulary) -> None:
    sizes = [level.size for level in base.spec.levels[: base.levels]]
    expected = [base.offsets[0] + sum(sizes[:k]) for k in range(base.levels)]
    if base.layout.name != "flatten" or base.by != "level" or list(base.offsets) != expected:
        raise TokenError(
            "merging needs one row of ids, a block per level, one behind the other; "
            "use Vocabulary.of(spec, flatten())"
        )
    if base.offsets[0] + sum(sizes) != base.size:
        raise TokenError("specials must come before the codes, since merged ids follow these")
    tokenizers_file.check_units(sum(sizes))


def _tokens_of_frames(base: Vocabulary, frames: int) -> int:
    """Return how many tokens this many frames have at most."""
    return sum(-(-frames // level.stride) for level in base.spec.levels[: base.levels])


def _unit_ids(base: Vocabulary, tokens: AudioTokens) -> np.ndarray:
    """Return the ids of the units, `[streams, units]`, as if every one lasted a frame."""
    if tokens.durations is not None:
        tokens = AudioTokens(tokens.spec, tokens.stacks, tokens.sides)
    return base.to_ids(tokens)
