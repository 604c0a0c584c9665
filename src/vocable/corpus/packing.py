"""All tokens of a corpus in one long row, in a file that is mapped: any window of it is near.

It is made once, beside the marks, in the narrow type of its numbers; whoever comes while it is made
waits for it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vocable.atomic import replacing
from vocable.corpus.outputs.base import narrow
from vocable.corpus.plan import FOLDER
from vocable.corpus.reading import Corpus
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Vocabulary

_WAIT = 0.5  # seconds between two looks


@dataclass(frozen=True)
class Packed:
    """Where the row lies: ids `[positions]`, or codes `[positions, levels]` where `levels` is."""

    path: Path
    dtype: str
    levels: int = 0

    def rows(self) -> np.ndarray:
        """Return the row, mapped and not read."""
        flat = np.memmap(self.path, self.dtype, "r") if self.path.stat().st_size else _NONE
        return flat.reshape(-1, self.levels) if self.levels else flat


_NONE = np.zeros(0, np.uint16)


def packed_ids(corpus: Corpus, vocabulary: Vocabulary) -> Packed:
    """Return all ids, recording after recording and stream after stream, each with its `eos`.

    TokenError for a layout of several rows, which are not one sequence.
    """
    if not vocabulary.layout.one_row:
        raise TokenError(
            f"windows are of one sequence and layout {vocabulary.layout.name} has several rows; "
            "take flatten or level_major, or codes=True"
        )
    dtype, eos = narrow(vocabulary.size), vocabulary.specials.get("eos")

    def rows(tokens: AudioTokens) -> np.ndarray:
        ids = vocabulary.to_ids(tokens)
        return ids if eos is None else np.pad(ids, ((0, 0), (0, 1)), constant_values=eos)

    path = _path(corpus, "ids", vocabulary.to_dict())
    _make(path, (rows(tokens).astype(dtype) for _, tokens in corpus))
    return Packed(path, dtype.str)


def packed_codes(corpus: Corpus) -> Packed:
    """Return all codes, frame after frame; TokenError for levels of several rates."""
    if not corpus.spec.uniform:
        raise TokenError(
            f"{corpus.spec.name} has levels of several rates, which do not stand in frames; take "
            "ids, codes=False"
        )
    dtype = narrow(max(level.size for level in corpus.spec.levels[: corpus.levels]))
    path = _path(corpus, "codes", corpus.levels)
    _make(path, (tokens.codes.transpose(0, 2, 1).astype(dtype) for _, tokens in corpus))
    return Packed(path, dtype.str, corpus.levels)


def _path(corpus: Corpus, kind: str, form: Any) -> Path:
    """Return a name that is another one for another form, or once recordings have been mended."""
    message = json.dumps([form, corpus.plan.digest, corpus.report], sort_keys=True)
    digest = hashlib.sha256(message.encode()).hexdigest()[:16]
    return corpus.folder / FOLDER / "packed" / f"{kind}-{digest}.bin"


def _make(path: Path, blocks: Iterator[np.ndarray]) -> None:
    path.parent.mkdir(exist_ok=True)
    while not path.exists():
        try:
            with replacing(path) as fresh, open(fresh, "wb") as file:
                for block in blocks:
                    file.write(np.ascontiguousarray(block).tobytes())
        except FileExistsError:  # another process makes it
            time.sleep(_WAIT)
