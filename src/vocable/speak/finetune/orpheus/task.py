"""Fine-tune an Orpheus: text and codes of one voice, id by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from vocable.language.flat import Flat, flat_loss
from vocable.language.keys.flat import flat_places
from vocable.nn.lora import Place
from vocable.speak.finetune.orpheus.model import ORPHEUS, write_orpheus
from vocable.speak.finetune.orpheus.recipe import OrpheusRecipe
from vocable.speak.finetune.orpheus.rows import (
    OrpheusBatch,
    OrpheusExample,
    OrpheusRows,
    make_batch,
    make_examples,
)
from vocable.speak.finetune.orpheus.speaking import held_out_scores, speak
from vocable.speak.finetune.spoken import Spoken
from vocable.speak.finetune.task import FinetuneTask
from vocable.speak.finetune.verdicts import Scores
from vocable.speak.prepare.set import PreparedSet, Row


class OrpheusTask(FinetuneTask):
    """An Orpheus and the rows that it learns from."""

    recipe: OrpheusRecipe
    network: Flat

    def load_network(self) -> nn.Module:
        self.generator = ORPHEUS.load(self.recipe, self.recipe.codec)
        network: nn.Module = self.generator.network
        return network

    def places(self) -> Sequence[Place]:
        return flat_places(self.network.config)

    def prepare(self, rows: Sequence[Row], found: PreparedSet, folder: Path) -> OrpheusRows:
        return make_examples(rows, found, self.generator, self.recipe.rows.context, folder)

    def batch(self, examples: Sequence[OrpheusExample]) -> OrpheusBatch:
        template = self.network.config.template
        return make_batch(examples, template, self.recipe.learn).to(self.device)

    def losses(self, batch: OrpheusBatch) -> dict[str, Tensor]:
        with self.autocast():
            return {"ids": flat_loss(self.network, batch.ids, batch.counted, batch.lengths)}

    def score(self, network: nn.Module, examples: Sequence[OrpheusExample], step: int) -> Scores:
        assert isinstance(network, Flat)
        with self.autocast():
            return held_out_scores(network, examples, self.device)

    def speak(self, network: nn.Module, examples: Sequence[OrpheusExample]) -> Sequence[Spoken]:
        assert isinstance(network, Flat)
        with self.autocast():
            return [speak(self.generator, network, each, self.recipe.seed) for each in examples]

    def write_model(self, network: nn.Module, folder: Path, facts: dict[str, Any]) -> None:
        write_orpheus(network, ORPHEUS.find(self.recipe.tuning.model), folder)
