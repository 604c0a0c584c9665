"""A language model over token ids, as somebody would add one: this file and `toy-language.toml`.

A GRU predicts the next id. The data is a `.npy` file of ids; its last tenth is held out. The line
that is not here is in `test_language.py`, so that no other test knows the task:

    register_task("toy-language", LanguageRecipe, LanguageTask)
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train import Distributed, Problem, Recipe, Task


@dataclass(frozen=True, kw_only=True)
class Model:
    """The size of the model."""

    ids: int = 32  # of the vocabulary
    width: int = 16


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """How sequences are drawn."""

    batch: int = 8
    length: int = 16  # ids


@dataclass(frozen=True, kw_only=True)
class LanguageRecipe(Recipe):
    """All that makes a run of a language model, apart from the ids."""

    task: str = "toy-language"
    model: Model = Model()
    data: Sequences = Sequences()


class Language(nn.Module):
    """Predict the next id: `[batch, ids]` to logits `[batch, ids, vocabulary]`."""

    def __init__(self, size: Model) -> None:
        super().__init__()
        self.size = size
        self.embed = nn.Embedding(size.ids, size.width)
        self.drop = nn.Dropout(0.1)
        self.gru = nn.GRU(size.width, size.width, batch_first=True)
        self.head = nn.Linear(size.width, size.ids)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.gru(self.drop(self.embed(ids)))[0])


class LanguageTask(Task):
    """A language model and the ids that it learns from."""

    speed = "tokens_per_second"

    def __init__(self, recipe: LanguageRecipe) -> None:
        self.recipe, self.model = recipe, Language(recipe.model)
        self.items_per_batch = recipe.data.batch * recipe.data.length
        self.right = self.counted = 0

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        ids = torch.from_numpy(np.load(data).astype(np.int64))
        if ids.max() >= self.recipe.model.ids:
            raise RecipeError(f"{data} has the id {ids.max()}; set model.ids above it")
        self.train, self.held_out = ids[: -len(ids) // 10], ids[-len(ids) // 10 :]
        self.device = distributed.device
        self.model = self.model.to(self.device)
        self.random = np.random.default_rng(self.recipe.seed + distributed.rank)

    def draw(self) -> Tensor:
        length = self.recipe.data.length + 1
        starts = self.random.integers(len(self.train) - length, size=self.recipe.data.batch)
        return torch.stack([self.train[i : i + length] for i in starts]).to(self.device)

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        logits = self.model(batch[:, :-1])
        self.right += int((logits.argmax(-1) == batch[:, 1:]).sum())
        self.counted += batch[:, 1:].numel()
        return {"cross_entropy": F.cross_entropy(logits.transpose(1, 2), batch[:, 1:])}

    def report(self) -> dict[str, Any]:
        accuracy = self.right / self.counted
        self.right = self.counted = 0
        return {"accuracy": accuracy}

    def diagnose(self, line: dict[str, Any]) -> list[Problem]:
        chance = math.log(self.recipe.model.ids)
        if line["losses"]["cross_entropy"] < 0.95 * chance:
            return []
        text = f"no better than chance ({chance:.2f} nats); raise optimizer.lr"
        return [Problem("chance", text)]

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        ids = self.held_out[None].to(self.device)
        loss = F.cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:])
        return {"bits_per_token": float(loss) / math.log(2)}

    def state(self) -> dict[str, Any]:
        return {"random": self.random.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        self.random.bit_generator.state = state["random"]

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), folder / "model.pt")
        about = {"name": self.recipe.name, "size": asdict(self.recipe.model), "training": facts}
        (folder / "config.json").write_text(json.dumps(about))
        return self.recipe.name


def load(folder: Path) -> Language:
    """Return an exported model."""
    model = Language(Model(**json.loads((folder / "config.json").read_text())["size"]))
    model.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    return model.eval()
