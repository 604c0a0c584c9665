"""Train a model of tokens: what is drawn, what is learnt, what held-out recordings say."""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.conditions.origin import FILE as CONDITION
from vocable.errors import RecipeError, TokenError
from vocable.language.lessons import HasLosses, Hears, Lessons, Placed
from vocable.load.own_language import save_language
from vocable.tokens import TokenSpec
from vocable.tokens.sets import TokenSet
from vocable.train import bf16
from vocable.train.distributed import Distributed
from vocable.train.language.batches import Batches, usable
from vocable.train.language.best import Best
from vocable.train.language.held_out import bits_of, heard_of, ngram_bits
from vocable.train.language.places import read_places
from vocable.train.language.recipe import LanguageRecipe
from vocable.train.language.tracks import Clock
from vocable.train.language.verdicts import problems
from vocable.train.task import Problem, Task

_log = logging.getLogger(__name__)
_NATS = math.log(2)


class LanguageTask(Task):
    """A model of tokens, and the set of tokens it learns from."""

    speed = "positions_per_second"
    keeps_scores = True
    beside = (CONDITION,)

    def __init__(self, recipe: LanguageRecipe) -> None:
        self.recipe = recipe
        self.model: Any = recipe.model.network(recipe.model.config(recipe.tracks))
        self.items_per_batch = recipe.tokens.positions
        self.best = Best()
        self._bits: dict[str, float] = {}
        self._ngrams: dict[int, dict[str, float]] = {}

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        table, tokens = self.recipe.tokens, TokenSet(data)
        self._data = tokens.digest
        train, held_out = tokens.of_split("train"), tokens.of_split("valid")
        self._check(tokens, train, held_out)
        if distributed.is_main:
            self._keep_condition(tokens.folder, folder)
        if isinstance(self.model, Placed):
            self.model.place(read_places(data))
        self.model = self.model.to(distributed.device)
        self.distributed = distributed
        self._bf16 = self.recipe.precision == "bf16" and not bf16.why_not(distributed.device)
        self.clock = Clock(tokens, {name: tokens.specs[name] for name in self.recipe.tracks})
        train, self.held_out = self._usable(train), self._usable(held_out)
        if not train:
            raise RecipeError(
                f"{tokens.folder} has no recordings of split train that {self.recipe.name} can "
                f"learn from: of at most {table.seconds:g} s (tokens.seconds), with their text"
            )
        self.held_out = self.held_out[:: max(1, len(self.held_out) // table.held_out)]
        self.held_out = self.held_out[: table.held_out]
        _log.info("%d recordings to train on, %d held out", len(train), len(self.held_out))
        sets = [tokens.abouts[item].set for item in train]
        self.batches = Batches(
            self.model, self.clock, train, sets, table.seconds, table.positions, table.weights,
            self.recipe.seed + 1000 * distributed.rank,
        )  # fmt: skip
        if self.held_out and not isinstance(self.model, Hears):
            self._ngrams = ngram_bits(tokens, self.model.asked, train, self.held_out)

    def _usable(self, items: Sequence[int]) -> list[int]:
        """Return the recordings that the model can learn from, and say how many are left out."""
        found = usable(self.model, self.clock, items, self.recipe.tokens.seconds)
        if len(found) < len(items):
            _log.warning(
                "%d of %d recordings are left out: empty, longer than tokens.seconds, or without "
                "the text that the model reads", len(items) - len(found), len(items),
            )  # fmt: skip
        return found

    def _keep_condition(self, data: Path, folder: Path) -> None:
        """Copy what made the condition that the model reads, which is made of texts by the same."""
        if getattr(self.model.config, "condition", None) and (data / CONDITION).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data / CONDITION, folder / CONDITION)

    def _check(self, tokens: TokenSet, train: Sequence[int], held_out: Sequence[int]) -> None:
        if not train:
            raise RecipeError(f"{tokens.folder} has no recordings of split train to learn from")
        if not held_out:
            _log.warning("%s holds nothing out: no evaluation, no verdict", tokens.folder)
        try:
            tokens.check_apart(train, held_out)
        except TokenError as error:
            raise RecipeError(f"{tokens.folder}: {error}") from error

    def draw(self) -> Lessons:
        return self.batches.draw()

    def losses(self, batch: Lessons) -> dict[str, Tensor]:
        """Return the mean nats of each level, whatever their number in the batch."""
        with self._autocast():
            if isinstance(self.model, HasLosses):
                return self.model.losses(batch.to(self.distributed.device))
            told = self.model.nats(batch.to(self.distributed.device))
        asked = self.model.asked
        sums, counts = told.sums(asked.end + 1)
        return {
            name: sums[level] / counts[level].clamp(1)
            for name, level in {**asked.named, "end": asked.end}.items()
            if counts[level]
        }

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        weights = self.model.weights if isinstance(self.model, HasLosses) else {}
        return torch.stack([weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return bits a frame of held-out recordings, and what n-grams of each order need."""
        if not self.held_out:
            return {}
        model.eval()
        table = self.recipe.tokens
        given: Any = (
            model, self.clock, self.held_out, table.seconds, table.positions,
            self.distributed.device,
        )  # fmt: skip
        if isinstance(model, Hears):
            scores = heard_of(*given)
            self.best.add(step, scores["letter"], model)
            return {"bits": {"letter": scores.pop("letter")}, **scores, "waited": self.best.waited}
        self._bits = bits_of(*given)
        self.best.add(step, self._bits["frame"], model)
        beside = {f"{order}-grams": bits["frame"] for order, bits in self._ngrams.items()}
        levels = [  # lists stay in the log, and are not printed
            [value for name, value in bits.items() if name != "frame"]
            for bits in self._ngrams.values()
        ]
        return {
            "bits": dict(self._bits),
            **beside,
            "waited": self.best.waited,
            "ngrams": levels,
        }

    def diagnose(self, line: dict[str, Any]) -> Sequence[Problem]:
        if not self._bits:
            return ()
        asked = self.model.asked
        spec = TokenSpec.from_dict(self.recipe.tracks[asked.track].spec)
        levels = {name: spec.levels[number % asked.last] for name, number in asked.named.items()}
        sizes = {
            name: level.size
            for name, level in levels.items()
            if level.stride == 1 and not asked.dedup
        }
        found = problems(self._bits, self._ngrams[max(self._ngrams)], sizes)
        return [each for each in found if not (asked.told and each.name == "leak")]

    def enough(self) -> bool:
        patience = self.recipe.tokens.patience
        return bool(patience) and self.best.waited >= patience

    def end(self, model: nn.Module) -> None:
        self.best.put_into(model)

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        table = self.recipe.export
        licence = {"licence": table.licence} if table.licence else {}
        return save_language(
            model, folder, table.name or self.recipe.name, version=table.version,
            facts={**licence, "training": facts},
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {
            "data": self._data, "batches": self.batches.state(), "best": self.best.state(),
            "bits": self._bits,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        if state["data"] != self._data:
            raise RecipeError("the run began with another set of tokens; resume it with that one")
        self.batches.restore(state["batches"])
        self.best.restore(state["best"])
        self._bits = state["bits"]

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self._bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.distributed.device.type, dtype=torch.bfloat16)
