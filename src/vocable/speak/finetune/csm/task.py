"""Fine-tune CSM: text and frames of one voice, level 0 of all frames, the others of some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.language.csm import Csm, csm_loss, some_frames
from vocable.language.keys.csm_places import csm_places
from vocable.nn.lora import Place
from vocable.speak.finetune.csm.model import CSM, write_csm
from vocable.speak.finetune.csm.recipe import CsmRecipe
from vocable.speak.finetune.csm.rows import CsmBatch, CsmExample, CsmRows, make_batch, make_examples
from vocable.speak.finetune.csm.speaking import held_out_scores, speak
from vocable.speak.finetune.spoken import Spoken
from vocable.speak.finetune.task import FinetuneTask
from vocable.speak.finetune.verdicts import Scores
from vocable.speak.prepare.set import PreparedSet, Row
from vocable.train.distributed import Distributed


class CsmTask(FinetuneTask):
    """A CSM and the rows that it learns from."""

    recipe: CsmRecipe
    network: Csm

    def load_network(self) -> nn.Module:
        self.generator = CSM.load(self.recipe, self.recipe.codec)
        network: nn.Module = self.generator.network
        return network

    def places(self) -> Sequence[Place]:
        return csm_places(self.network.config)

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        super().setup(data, folder, distributed)
        self._chance = torch.Generator().manual_seed(self.recipe.seed + 1000 * distributed.rank)

    def prepare(self, rows: Sequence[Row], found: PreparedSet, folder: Path) -> CsmRows:
        return make_examples(rows, found, self.generator, self.recipe.rows.context, folder)

    def batch(self, examples: Sequence[CsmExample]) -> CsmBatch:
        return make_batch(examples).to(self.device)

    def losses(self, batch: CsmBatch) -> dict[str, Tensor]:
        deep = some_frames(batch.counted, self._chance, self.recipe.depth.share)
        with self.autocast():
            found = csm_loss(self.network, batch.ids, batch.counted, deep, batch.lengths)
        return {"level0": found.first, "others": found.rest}

    def score(self, network: nn.Module, examples: Sequence[CsmExample], step: int) -> Scores:
        assert isinstance(network, Csm)
        with self.autocast():
            return held_out_scores(network, examples, self.device)

    def speak(self, network: nn.Module, examples: Sequence[CsmExample]) -> Sequence[Spoken]:
        assert isinstance(network, Csm)
        with self.autocast():
            return [speak(self.generator, network, each, self.recipe.seed) for each in examples]

    def write_model(self, network: nn.Module, folder: Path, facts: dict[str, Any]) -> None:
        write_csm(network, CSM.find(self.recipe.tuning.model), folder)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "chance": self._chance.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self._chance.set_state(state["chance"])
