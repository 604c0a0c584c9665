"""The goal of enhancement and separation: the tokens of clean sound from those of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer, Goal, Learnt
from vocable.evaluate.probes.inputs import Heard, Input, TokenInput
from vocable.evaluate.stability import Decodes
from vocable.measures.recordings import score_recordings
from vocable.tokens import AudioTokens

TOKEN_ACCURACY = "token accuracy"
CLEAN = ", clean tokens"  # what decoding alone leaves of a measure


@dataclass(frozen=True)
class Separate(Goal):
    """Tell the tokens of each part of a mixture, in any order, as DASB does.

    parts    how many: 1 is enhancement
    scores   measures of what is decoded from the told tokens, against the clean part; beside each
             stands what it is of the clean part's own tokens
    The answer without hearing is the mixture's own tokens for every part.
    """

    parts: int = 1
    scores: tuple[str, ...] = ("stoi",)

    @property
    def measures(self) -> dict[str, bool]:
        decoded = {name: True for score in self.scores for name in (score, score + CLEAN)}
        return {TOKEN_ACCURACY: True, **decoded}

    @property
    def whole(self) -> bool:
        return False

    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        if not isinstance(source, TokenInput):
            raise MeasureError("what is told are tokens, so only tokens are read")
        return LearntParts(self, source, source.hear(train[0].sound))


class LearntParts(Learnt):
    """The entries of all levels of all parts, side by side."""

    def __init__(self, goal: Separate, source: TokenInput, shown: Heard) -> None:
        tokens = shown.tokens
        levels = len(shown.sizes)
        if tokens is None or not tokens.spec.uniform or levels not in tokens.spec.prefixes:
            raise MeasureError(
                f"{source.name}: told tokens have to be decoded, so take the first levels, as many "
                "as decode by themselves, all of one rate"
            )
        if source.chosen and source.chosen != tuple(range(levels)):
            raise MeasureError(f"{source.name}: told tokens have to be those of the first levels")
        self._goal, self._source, self._sizes = goal, source, shown.sizes
        self.outputs = goal.parts * sum(shown.sizes)

    def target(self, example: Example, shown: Heard) -> np.ndarray:
        """Return codes `[parts, frames, levels]`."""
        parts = [self._source.hear(part).frames for part in example.parts]
        frames = min(len(shown.frames), *map(len, parts))
        found: np.ndarray = np.stack([part[:frames] for part in parts]).astype(np.int64)
        return found

    def loss(self, outputs: Tensor, lengths: Sequence[int], targets: Sequence[Any]) -> Tensor:
        rows = [
            self._loss_of_one(output[: target.shape[1]], torch.from_numpy(target).to(output.device))
            for output, target in zip(outputs, targets, strict=True)
        ]
        return torch.stack(rows).mean()

    def _loss_of_one(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of the order of parts that fits best (Yu et al. 2017, PIT)."""
        split = torch.split(output, list(self._sizes) * self._goal.parts, dim=-1)
        levels = len(self._sizes)
        table = [
            [
                sum(
                    functional.cross_entropy(split[told * levels + k], target[part, :, k])
                    for k in range(levels)
                )
                for part in range(self._goal.parts)
            ]
            for told in range(self._goal.parts)
        ]
        orders = [
            sum(table[told][part] for told, part in enumerate(order))
            for order in permutations(range(self._goal.parts))
        ]
        return torch.stack([torch.as_tensor(order) for order in orders]).min() / (
            levels * self._goal.parts
        )

    def answer(self, example: Example, shown: Heard, output: np.ndarray) -> Answer:
        ends = np.cumsum(list(self._sizes) * self._goal.parts)[:-1]
        chosen = np.stack(
            [each.argmax(axis=-1) for each in np.split(output, ends, axis=-1)], axis=-1
        )
        parts = np.split(chosen, self._goal.parts, axis=-1)
        return self._judged(example, shown, np.stack(parts))

    def usual_answer(self, example: Example, shown: Heard) -> Answer:
        return self._judged(example, shown, np.stack([shown.frames] * self._goal.parts))

    def _judged(self, example: Example, shown: Heard, chosen: np.ndarray) -> Answer:
        target = self.target(example, shown)
        chosen = chosen[:, : target.shape[1]]
        orders = list(permutations(range(self._goal.parts)))
        right = [np.count_nonzero(chosen[list(order)] == target) for order in orders]
        best = int(np.argmax(right))
        counts = {TOKEN_ACCURACY: (float(right[best]), float(target.size))}
        counts |= self._scores(example, shown, chosen[list(orders[best])], "")
        counts |= self._scores(example, shown, target, CLEAN)
        return Answer(example.owner, counts)

    def _scores(
        self, example: Example, shown: Heard, codes: np.ndarray, suffix: str
    ) -> dict[str, tuple[float, float]]:
        """Return the mean over parts of each measure of what is decoded."""
        codec = self._source.tokenizer
        if shown.tokens is None or not isinstance(codec, Decodes):
            return {}
        found: dict[str, list[float]] = {}
        for part, told in zip(example.parts, codes, strict=True):
            tokens = AudioTokens(shown.tokens.spec, [row[None] for row in told.T.astype(np.int32)])
            decoded, clean = codec.decode(tokens), part.read()
            scored = score_recordings(self._goal.scores, clean, decoded, clean.rate, 0.0)
            for name, value in scored.scores.items():
                found.setdefault(name + suffix, []).append(value)
        return {name: (sum(values), float(len(values))) for name, values in found.items()}
