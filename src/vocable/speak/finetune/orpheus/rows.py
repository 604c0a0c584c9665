"""Rows of a prepared set as what an Orpheus reads: the speaker's name and text, codes, ends.

Otherwise than in the published notebooks every cycle is kept: theirs leave out one whose first code
is that of the one before, and the time that it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64
from torch import Tensor

from vocable.audio import Audio
from vocable.errors import RecipeError, VocableError
from vocable.language.flat import FlatGenerator, Template, Utterance, sequence
from vocable.language.flat.utterances import Codes, codes_of
from vocable.speak.finetune.kept import codes_of_rows, rows_before
from vocable.speak.prepare.set import PreparedSet, Row


@dataclass(frozen=True, eq=False)
class OrpheusExample:
    """A row, with those before it that are seen and not learnt.

    ids: `[positions]`. first: the position from which ids are the row's own. speech: that of its
    first code. cycles: of its sound. utterance: of the row alone.
    """

    name: str
    ids: Int64[np.ndarray, " positions"]
    first: int
    speech: int
    cycles: int
    utterance: Utterance

    @property
    def length(self) -> int:
        """Positions."""
        return len(self.ids)


@dataclass(frozen=True)
class OrpheusRows:
    """Examples in the order of the rows; why others are left out, by their names."""

    examples: tuple[OrpheusExample, ...]
    left_out: dict[str, str]


@dataclass(frozen=True)
class OrpheusBatch:
    """Ids padded behind each item, lengths, and the ids that are learnt."""

    ids: Int[Tensor, "batch time"]
    lengths: list[int]
    counted: Bool[Tensor, "batch time"]

    def to(self, device: torch.device) -> OrpheusBatch:
        """Return it on a device."""
        return OrpheusBatch(self.ids.to(device), self.lengths, self.counted.to(device))


def make_examples(
    rows: Sequence[Row], found: PreparedSet, generator: FlatGenerator, context: int, folder: Path
) -> OrpheusRows:
    """Return the rows that can be learnt from; `context`: rows of a source before each."""
    template, codec = generator.config.template, generator.with_codec()

    def encode(path: Path) -> Codes:
        audio = whole_cycles(Audio.read(path), template)
        return codes_of(codec.encode(audio), template)  # type: ignore[attr-defined]

    codes, left_out = codes_of_rows(rows, found, encode, codec.spec.space, folder)
    utterances = {
        row.file_name: Utterance(row.text, row.speaker, codes[row.file_name])
        for row in rows
        if row.file_name in codes
    }
    examples = []
    for row in rows:
        if row.file_name in utterances:
            names = [each for each in rows_before(row, rows, context) if each in utterances]
            before = [utterances[each] for each in names]
            try:
                examples.append(
                    _example(row.file_name, before, utterances[row.file_name], generator)
                )
            except VocableError as error:
                left_out[row.file_name] = str(error)
    return OrpheusRows(tuple(examples), left_out)


def whole_cycles(audio: Audio, template: Template) -> Audio:
    """Return a recording of one channel at the codec's rate, with silence up to a whole cycle."""
    own = audio.mono().resample(template.spec.rate)
    lacking = -own.samples.shape[1] % template.cycle
    return Audio(np.pad(own.samples, ((0, 0), (0, lacking))), own.rate)


def _example(
    name: str, before: list[Utterance], utterance: Utterance, generator: FlatGenerator
) -> OrpheusExample:
    template = generator.config.template
    own = sequence(utterance, template, generator.text)
    room = generator.config.trunk.context - len(own)
    if room < 0:
        raise RecipeError(f"it takes {len(own)} positions of {generator.config.trunk.context}")
    pairs = [sequence(each, template, generator.text) for each in before]
    while sum(map(len, pairs)) > room:
        pairs.pop(0)
    first = sum(map(len, pairs))
    assert utterance.audio is not None
    cycles = len(utterance.audio)  # codes of whole cycles
    speech = first + len(own) - template.slots * cycles - len(template.after)
    return OrpheusExample(name, np.concatenate([*pairs, own]), first, speech, cycles, utterance)


def make_batch(examples: Sequence[OrpheusExample], template: Template, learn: str) -> OrpheusBatch:
    """Return examples as a batch; learn: "all" ids of a row, or those of its "speech"."""
    lengths = [example.length for example in examples]
    ids = np.full((len(examples), max(lengths)), template.ids.specials["pad"])
    counted = np.zeros(ids.shape, bool)
    for row, mask, example in zip(ids, counted, examples, strict=True):
        row[: example.length] = example.ids
        if learn == "all":
            mask[max(1, example.first) : example.length] = True
        else:  # codes and the end of speech; what closes the turn always follows
            mask[example.speech : example.length + 1 - len(template.after)] = True
    return OrpheusBatch(torch.from_numpy(ids), lengths, torch.from_numpy(counted))
