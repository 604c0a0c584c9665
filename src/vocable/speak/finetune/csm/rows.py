"""Rows of a prepared set as what a CSM reads: text, frames of codes, an end frame.

Codes are kept in the folder of the run: a resumed one encodes nothing again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64
from torch import Tensor

from vocable.atomic import replacing
from vocable.errors import RecipeError, VocableError
from vocable.language.csm import CsmGenerator, Utterance, utterance_rows
from vocable.speak.prepare.set import PreparedSet, Row

KEPT = "codes.npz"
_SPACE = "space of the codec"  # a key that is not a file's name


@dataclass(frozen=True, eq=False)
class CsmExample:
    """A row, with those before it that are seen and not learnt.

    ids: `[positions, levels + 1]`. first: the position from which frames are learnt. utterance: of
    the row alone.
    """

    name: str
    ids: Int64[np.ndarray, "positions rows"]
    first: int
    utterance: Utterance

    @property
    def length(self) -> int:
        """Positions."""
        return len(self.ids)


@dataclass(frozen=True)
class CsmRows:
    """Examples in the order of the rows; why others are left out, by their names."""

    examples: tuple[CsmExample, ...]
    left_out: dict[str, str]


@dataclass(frozen=True)
class CsmBatch:
    """Ids padded behind each item, lengths, and the frames whose level 0 is learnt."""

    ids: Int[Tensor, "batch time rows"]
    lengths: list[int]
    counted: Bool[Tensor, "batch time"]

    def to(self, device: torch.device) -> CsmBatch:
        """Return it on a device."""
        return CsmBatch(self.ids.to(device), self.lengths, self.counted.to(device))


def make_examples(
    rows: Sequence[Row], found: PreparedSet, generator: CsmGenerator, context: int, folder: Path
) -> CsmRows:
    """Return the rows that can be learnt from; `context`: rows of a source before each."""
    codes, left_out = _codes(rows, found, generator, folder)
    names = dict.fromkeys(row.speaker for row in found.rows)
    speakers = {name: number for number, name in enumerate(names)}
    utterances = {
        row.file_name: Utterance(speakers[row.speaker], row.text, codes[row.file_name])
        for row in rows
        if row.file_name in codes
    }
    examples = []
    for row in rows:
        if row.file_name in utterances:
            before = [
                utterances[each] for each in _before(row, rows, context) if each in utterances
            ]
            try:
                examples.append(
                    _example(row.file_name, before, utterances[row.file_name], generator)
                )
            except VocableError as error:
                left_out[row.file_name] = str(error)
    return CsmRows(tuple(examples), left_out)


def _before(row: Row, rows: Sequence[Row], count: int) -> list[str]:
    """Return the names of the rows of the same source and split before one, the last ones."""
    same = [
        each.file_name
        for each in rows
        if (each.source, each.split) == (row.source, row.split) and each.begin < row.begin
    ]
    return same[len(same) - min(count, len(same)) :]


def _example(
    name: str, before: list[Utterance], utterance: Utterance, generator: CsmGenerator
) -> CsmExample:
    config = generator.config
    own = utterance_rows(utterance, config, generator.text)
    room = config.backbone.context - len(own)
    if room < 0:
        raise RecipeError(f"it takes {len(own)} positions of {config.backbone.context}")
    turns = [utterance_rows(each, config, generator.text) for each in before]
    while sum(map(len, turns)) > room:
        turns.pop(0)
    return CsmExample(name, np.concatenate([*turns, own]), sum(map(len, turns)), utterance)


def _codes(
    rows: Sequence[Row], found: PreparedSet, generator: CsmGenerator, folder: Path
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the codes `[frames, levels]` of recordings, and why others have none."""
    codec = generator.with_codec()
    space, levels = codec.spec.space, generator.config.levels
    codes, left_out = _read_kept(folder / KEPT, space), {}
    fresh = [row for row in rows if row.file_name not in codes]
    for row in fresh:
        try:
            tokens = codec.encode(found.path(row), mix=True)  # type: ignore[attr-defined]
            codes[row.file_name] = tokens.codes[0, :levels].T
        except (VocableError, OSError) as error:
            left_out[row.file_name] = str(error)
    if len(left_out) < len(fresh):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / KEPT, overwrite=True) as path, path.open("wb") as file:
            kept: dict[str, Any] = {_SPACE: np.array(space), **codes}
            np.savez_compressed(file, **kept)
    return codes, left_out


def _read_kept(path: Path, space: str) -> dict[str, np.ndarray]:
    """Return codes that were kept; none of another codec, or from a damaged file."""
    try:
        with np.load(path) as kept:
            found = {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError):
        return {}
    return found if str(found.pop(_SPACE, "")) == space else {}


def make_batch(examples: Sequence[CsmExample]) -> CsmBatch:
    """Return examples as a batch; level 0 of each frame from `first` on is learnt."""
    lengths = [example.length for example in examples]
    ids = np.full((len(examples), max(lengths), examples[0].ids.shape[1]), -1, np.int64)
    counted = np.zeros(ids.shape[:2], bool)
    for row, mask, example in zip(ids, counted, examples, strict=True):
        row[: example.length] = example.ids
        mask[example.first : example.length] = example.ids[example.first :, 0] >= 0
    return CsmBatch(torch.from_numpy(ids), lengths, torch.from_numpy(counted))
