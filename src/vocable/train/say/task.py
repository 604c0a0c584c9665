"""Train a model that says phones: what is drawn, what is learnt, what held-out speech says."""

from __future__ import annotations

import contextlib
import logging
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vocable.codecs.codebooks import codec_books
from vocable.errors import RecipeError
from vocable.fitting import fit
from vocable.language.say import Disturbance, Say, SayConfig, Utterances, losses
from vocable.load import load_codec
from vocable.load.say import save_say
from vocable.tokens import TokenSpec
from vocable.train import bf16
from vocable.train.distributed import Distributed
from vocable.train.say.batches import Batches
from vocable.train.say.packed import PackedSpeech, read_packed
from vocable.train.say.recipe import SayRecipe
from vocable.train.task import Task

_log = logging.getLogger(__name__)
_SEED = 1  # of what is heard of held-out voices, the same in every run
_NATS = math.log(2)


class SayTask(Task):
    """A model that says phones, and the packed speech it learns from."""

    speed = "frames_per_second"
    model: Say

    def __init__(self, recipe: SayRecipe) -> None:
        self.recipe = recipe
        self.books = codec_books(load_codec(recipe.say.codec))
        table = {"sizes": self.books.sizes, "widths": self.books.widths, **recipe.say.config}
        self.model = Say(fit(SayConfig, table, "say.config", RecipeError))
        self.model.books.set(self.books.entries)
        self.items_per_batch = recipe.speech.frames

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        table, speech = self.recipe.speech, read_packed(data)
        if speech.space != self.books.space:
            raise RecipeError(
                f"{data} has tokens of {speech.space}, say.codec is {self.books.space}; make the "
                "data again with that codec"
            )
        splits = speech.arrays["splits"]
        train, held_out = np.flatnonzero(splits == "train"), np.flatnonzero(splits == "valid")
        if not len(train):
            raise RecipeError(f"{data} has no utterances to train on")
        _log.info("%d utterances to train on, %d held out", len(train), len(held_out))
        self.model = self.model.to(distributed.device)
        self.distributed = distributed
        self._bf16 = self.recipe.precision == "bf16" and not bf16.why_not(distributed.device)
        seed = self.recipe.seed + 1000 * distributed.rank
        self.batches = Batches(
            speech, train.tolist(), table.frames, table.reference, table.weights, seed
        )
        self.held_out = _by_set(speech, held_out.tolist(), table.held_out)

    def begin(self, *, resumed: bool) -> None:
        if not resumed:
            found = self.batches.speech.arrays
            learnt = np.repeat(found["splits"] == "train", found["frame_counts"])
            codes = found["codes"][learnt]
            for level, size in enumerate(self.books.sizes):
                counts = np.bincount(codes[:, level], minlength=size)
                self.model.heads.start(level, torch.from_numpy(counts))
        self.model.train()

    def draw(self) -> Utterances:
        return self.batches.draw()

    def losses(self, batch: Utterances) -> dict[str, Tensor]:
        past, speech = self.recipe.past, self.recipe.speech
        disturbance = Disturbance(past.without, past.lost, past.noise)
        with self._autocast():
            return losses(
                self.model, batch.to(self.distributed.device), disturbance,
                speech.share, speech.shared,
            )  # fmt: skip

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        own = self.recipe.weights
        return torch.stack([own.get(name, 1.0) * loss for name, loss in losses.items()]).sum()

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return the bits of held-out tokens, level by level, and of durations, for each set."""
        assert isinstance(model, Say)
        model.eval()
        found = {}
        for name, indices in self.held_out.items():
            found[name or "all"] = self._bits(model, indices)
        return found

    def _bits(self, model: Say, indices: list[int]) -> dict[str, float]:
        speech, table = self.batches.speech, self.recipe.speech
        source = Batches(speech, indices, table.frames, table.reference, {}, _SEED)
        sums: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        for index in indices:
            batch = source.batch([index]).to(self.distributed.device)
            for name, loss in losses(model, batch).items():
                asked = batch.frame_counts if name != "duration" else batch.symbol_counts
                sums[name] += float(loss) / _NATS * int(asked)
                counts[name] += int(asked)
        bits = {name: sums[name] / counts[name] for name in sums}
        frame = sum(value for name, value in bits.items() if name != "duration")
        return {**bits, "frame": frame}

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        assert isinstance(model, Say)
        table = self.recipe.say
        licence = {"licence": table.licence} if table.licence else {}
        units = TokenSpec.from_dict(table.units) if table.units else None
        return save_say(
            model, folder, self.books.space, table.name or self.recipe.name,
            version=table.version, units=units, facts={**licence, "training": facts},
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {"batches": self.batches.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.batches.restore(state["batches"])

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self._bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.distributed.device.type, dtype=torch.bfloat16)


def _by_set(speech: PackedSpeech, indices: list[int], most: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index in indices:
        own = found.setdefault(str(speech.arrays["sets"][index]), [])
        if len(own) < most:
            own.append(index)
    return found
