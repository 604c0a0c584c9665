"""Speech that is ready to learn from, in one small file: tokens, symbols with durations, speakers.

An hour of speech in tokens of speech-16k takes some 2 MB, so that training needs neither the
recordings nor the codec's encoder, and starts at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vocable.atomic import replacing
from vocable.errors import RecipeError
from vocable.tokens import TokenSpec

_ARRAYS = {
    "symbols": 2, "durations": 1, "codes": 2, "symbol_counts": 1, "frame_counts": 1,
    "names": 1, "speakers": 1, "splits": 1, "sets": 1,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Utterance:
    """One recording: who says what, how long each symbol lasts, and its tokens.

    symbols: `[symbols, 3]`, as in `text.phones.Spoken`. durations: `[symbols]`. codes: `[frames,
    levels]`; they last as long as all symbols.
    """

    name: str
    speaker: str
    split: str
    set: str
    symbols: np.ndarray
    durations: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True)
class Alphabet:
    """What symbols are, and of how many kinds: units of a spec; of none: phones."""

    units: TokenSpec | None
    kinds: int


PHONES = Alphabet(None, 64)


@dataclass(frozen=True, eq=False)
class PackedSpeech:
    """Utterances, one behind the other, the token space that their codes are of, what is said."""

    space: str
    frame_seconds: float
    arrays: dict[str, np.ndarray]
    alphabet: Alphabet = PHONES

    def __len__(self) -> int:
        return len(self.arrays["names"])

    def __getitem__(self, index: int) -> Utterance:
        found = self.arrays
        symbols, frames = (slice(*edges[index : index + 2]) for edges in self._edges)
        return Utterance(
            name=str(found["names"][index]),
            speaker=str(found["speakers"][index]),
            split=str(found["splits"][index]),
            set=str(found["sets"][index]),
            symbols=found["symbols"][symbols],
            durations=found["durations"][symbols],
            codes=found["codes"][frames],
        )

    @cached_property
    def _edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each utterance begins and ends, in symbols and in frames."""
        symbols, frames = (
            np.concatenate([[0], np.cumsum(self.arrays[name], dtype=np.int64)])
            for name in ("symbol_counts", "frame_counts")
        )
        return symbols, frames

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the file whole or not at all."""
        with replacing(path, overwrite=overwrite) as fresh, fresh.open("wb") as file:
            units, kinds = self.alphabet.units, self.alphabet.kinds
            facts = {
                "space": self.space,
                "frame_seconds": self.frame_seconds,
                "units": "" if units is None else json.dumps(units.to_dict()),
                "kinds": kinds,
            }
            arrays: dict[str, Any] = {name: np.array(fact) for name, fact in facts.items()}
            arrays |= self.arrays
            np.savez_compressed(file, **arrays)


def pack(
    utterances: Sequence[Utterance], space: str, frame_seconds: float, alphabet: Alphabet = PHONES
) -> PackedSpeech:
    """Return utterances as they are kept."""
    if not utterances:
        wanted = "is long enough for units" if alphabet.units else "has a text that is spoken in it"
        raise RecipeError(f"no recording {wanted}")
    arrays: dict[str, np.ndarray] = {
        "symbols": np.concatenate([each.symbols for each in utterances]).astype(np.uint16),
        "durations": np.concatenate([each.durations for each in utterances]).astype(np.uint16),
        "codes": np.concatenate([each.codes for each in utterances]).astype(np.uint16),
        "symbol_counts": np.array([len(each.durations) for each in utterances], np.int32),
        "frame_counts": np.array([len(each.codes) for each in utterances], np.int32),
        "names": np.array([each.name for each in utterances]),
        "speakers": np.array([each.speaker for each in utterances]),
        "splits": np.array([each.split for each in utterances]),
        "sets": np.array([each.set for each in utterances]),
    }
    return PackedSpeech(space, frame_seconds, arrays, alphabet)


def read_packed(path: Path) -> PackedSpeech:
    """Return what `save` wrote. RecipeError for another file."""
    try:
        with np.load(path) as stored:
            arrays: dict[str, np.ndarray] = {name: stored[name] for name in _ARRAYS}
            space, seconds = str(stored["space"]), float(stored["frame_seconds"])
            units = str(stored["units"]) if "units" in stored else ""
            alphabet = PHONES
            if units:
                spec = TokenSpec.from_dict(json.loads(units))
                alphabet = Alphabet(spec, int(stored["kinds"]))
    except (ValueError, KeyError, OSError, EOFError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise RecipeError(
            f"{path} is not packed speech ({error}); make it: vocable data speech"
        ) from error
    bad = [name for name, axes in _ARRAYS.items() if arrays[name].ndim != axes]
    totals = arrays["symbol_counts"].sum(), arrays["frame_counts"].sum()
    if bad or totals != (len(arrays["symbols"]), len(arrays["codes"])):
        raise RecipeError(f"{path} is damaged; make it again: vocable data speech")
    return PackedSpeech(space, seconds, arrays, alphabet)
