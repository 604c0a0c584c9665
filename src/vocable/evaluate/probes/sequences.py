"""Goals with answers in time: the phone of each frame, and the characters that are said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer, Goal, Learnt
from vocable.evaluate.probes.inputs import Heard, Input
from vocable.measures.phones import labels_at
from vocable.measures.words import character_edits, normalise, word_edits

FRAME_ACCURACY = "frame accuracy"
WORDS, CHARACTERS = "word errors", "character errors"
STEPS = 50  # a second: characters need that many places, more than the frames of many codecs


@dataclass(frozen=True)
class Phones(Goal):
    """Tell the phone at the middle of each frame."""

    @property
    def measures(self) -> dict[str, bool]:
        return {FRAME_ACCURACY: True}

    @property
    def whole(self) -> bool:
        return False

    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        shown = [labels_at(each.phones, source.hear(each.sound).times) for each in train]
        return LearntPhones(Counter(str(label) for labels in shown for label in labels if label))


@dataclass(frozen=True)
class Spell(Goal):
    """Tell the characters by CTC, without a language model; errors of words and of characters.

    Graves et al. 2006. Texts are compared as `vocable.measures.normalise` writes them. Greedy: the
    likeliest character of each step.
    """

    @property
    def measures(self) -> dict[str, bool]:
        return {WORDS: False, CHARACTERS: False}

    @property
    def whole(self) -> bool:
        return False

    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        characters = sorted({c for each in train for c in normalise(each.text)})
        rate = source.hear(train[0].sound).frame_rate
        return LearntCharacters(characters, max(1, ceil(STEPS / rate - 0.01)))


class LearntPhones(Learnt):
    """Phones by name, with how often each is."""

    def __init__(self, counts: Counter[str]) -> None:
        if len(counts) < 2:
            raise MeasureError(f"a probe needs two phones or more in train, got {len(counts)}")
        self.names = sorted(counts)
        self.outputs = len(self.names)
        self._usual = self.names.index(counts.most_common(1)[0][0])
        self._number = {name: k for k, name in enumerate(self.names)} | {"": -1}

    def target(self, example: Example, shown: Heard) -> np.ndarray:
        """Return the number of each frame's phone; -1 for no phone, -2 for one train lacks."""
        labels = labels_at(example.phones, shown.times)
        return np.array([self._number.get(str(label), -2) for label in labels], np.int64)

    def loss(self, outputs: Tensor, lengths: Sequence[int], targets: Sequence[Any]) -> Tensor:
        wanted = torch.full(outputs.shape[:2], -1)
        for row, target in zip(wanted, targets, strict=True):
            row[: len(target)] = torch.from_numpy(np.maximum(target, -1))
        return functional.cross_entropy(outputs.mT, wanted.to(outputs.device), ignore_index=-1)

    def answer(self, example: Example, shown: Heard, output: np.ndarray) -> Answer:
        return self._said(example, shown, output.argmax(axis=-1))

    def usual_answer(self, example: Example, shown: Heard) -> Answer:
        return self._said(example, shown, np.full(len(shown.times), self._usual))

    def _said(self, example: Example, shown: Heard, chosen: np.ndarray) -> Answer:
        wanted = self.target(example, shown)
        spoken = wanted != -1
        right = float(np.count_nonzero(chosen[spoken] == wanted[spoken]))
        return Answer(example.owner, {FRAME_ACCURACY: (right, float(spoken.sum()))})


class LearntCharacters(Learnt):
    """Characters by number, from 1; 0 is CTC's blank. Each frame has `steps` places."""

    def __init__(self, characters: Sequence[str], steps: int) -> None:
        self.characters = ["", *characters]
        self.steps = steps
        self.outputs = steps * len(self.characters)
        self._number = {c: k for k, c in enumerate(self.characters)}

    def target(self, example: Example, shown: Heard) -> Tensor:
        """Return the numbers of the text's characters; those that train lacks are left out."""
        text = normalise(example.text)
        return torch.tensor([self._number[c] for c in text if c in self._number])

    def loss(self, outputs: Tensor, lengths: Sequence[int], targets: Sequence[Any]) -> Tensor:
        batch, frames, _ = outputs.shape
        places = outputs.reshape(batch, frames * self.steps, -1).log_softmax(dim=-1)
        return functional.ctc_loss(
            places.transpose(0, 1),
            torch.cat(list(targets)).to(outputs.device),
            torch.tensor([length * self.steps for length in lengths]),
            torch.tensor([len(target) for target in targets]),
            zero_infinity=True,
        )

    def answer(self, example: Example, shown: Heard, output: np.ndarray) -> Answer:
        best = output.reshape(len(output) * self.steps, -1).argmax(axis=-1)
        kept = best[np.r_[True, best[1:] != best[:-1]]] if best.size else best
        return self._said(example, "".join(self.characters[k] for k in kept))

    def usual_answer(self, example: Example, shown: Heard) -> Answer:
        return self._said(example, "")

    def _said(self, example: Example, text: str) -> Answer:
        counts = {}
        for name, edits in ((WORDS, word_edits), (CHARACTERS, character_edits)):
            found = edits(example.text, text)
            counts[name] = (float(found.errors), float(found.length))
        return Answer(example.owner, counts)
