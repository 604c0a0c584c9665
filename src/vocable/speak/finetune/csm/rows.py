"""Rows of a prepared set as what a CSM reads: text, frames of codes, an end frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64
from torch import Tensor

from vocable.errors import RecipeError, VocableError
from vocable.language.csm import CsmGenerator, Utterance, utterance_rows
from vocable.speak.finetune.kept import codes_of_rows, rows_before
from vocable.speak.prepare.set import PreparedSet, Row


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
    codec, levels = generator.with_codec(), generator.config.levels

    def encode(path: Path) -> np.ndarray:
        tokens = codec.encode(path, mix=True)  # type: ignore[attr-defined]
        codes: np.ndarray = tokens.codes[0, :levels].T
        return codes

    codes, left_out = codes_of_rows(rows, found, encode, codec.spec.space, folder)
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
                utterances[each] for each in rows_before(row, rows, context) if each in utterances
            ]
            try:
                examples.append(
                    _example(row.file_name, before, utterances[row.file_name], generator)
                )
            except VocableError as error:
                left_out[row.file_name] = str(error)
    return CsmRows(tuple(examples), left_out)


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


def make_batch(examples: Sequence[CsmExample]) -> CsmBatch:
    """Return examples as a batch; level 0 of each frame from `first` on is learnt."""
    lengths = [example.length for example in examples]
    ids = np.full((len(examples), max(lengths), examples[0].ids.shape[1]), -1, np.int64)
    counted = np.zeros(ids.shape[:2], bool)
    for row, mask, example in zip(ids, counted, examples, strict=True):
        row[: example.length] = example.ids
        mask[example.first : example.length] = example.ids[example.first :, 0] >= 0
    return CsmBatch(torch.from_numpy(ids), lengths, torch.from_numpy(counted))
