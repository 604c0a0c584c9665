"""What all fine-tunings share: a model that learns in part, held-out bits, the best weights.

A family gives the network and its places, makes examples of rows, batches of examples, losses of
batches, scores of the network and what it speaks; it says how the whole model is written.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn

from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.nn.lora import Adapter, LoraSettings, Place, choose, write_adapter
from vocable.speak.embedding import find_embedding
from vocable.speak.finetune.epochs import Epochs
from vocable.speak.finetune.likeness import Likeness
from vocable.speak.finetune.recipe import FinetuneRecipe, Rows, Tuning
from vocable.speak.finetune.result import Finetuned
from vocable.speak.finetune.spoken import Spoken, with_spoken
from vocable.speak.finetune.stopping import Best
from vocable.speak.finetune.trained import gradients, parts
from vocable.speak.finetune.verdicts import Scores, problems, verdict
from vocable.speak.prepare.set import PreparedSet, Row
from vocable.train import bf16
from vocable.train.distributed import Distributed
from vocable.train.task import Problem, Task


class Example(Protocol):
    """A row that is ready to learn from."""

    @property
    def name(self) -> str: ...

    @property
    def length(self) -> int: ...


class Prepared(Protocol):
    """What a family makes of rows: examples in order, and why others are left out, by name."""

    @property
    def examples(self) -> Sequence[Example]: ...

    @property
    def left_out(self) -> dict[str, str]: ...


class FinetuneTask(Task):
    """A model, what of it learns, and the voice that it learns from.

    `model`, which the loop trains, averages and saves, is the adapter alone, or the network.
    """

    pretrained = True
    keeps_scores = True
    speed: ClassVar[str] = "positions_per_second"
    recipe: FinetuneRecipe

    def __init__(self, recipe: FinetuneRecipe) -> None:
        self.recipe = recipe
        self.network = self.load_network().requires_grad_(False)
        self._weights = sum(weight.numel() for weight in self.network.parameters())
        self.model = what_learns(self.network, self.places(), recipe.tuning)
        self.items_per_batch = float(recipe.rows.batch)
        self.best, self._scores = Best(), Scores(0.0)
        self._checked = False
        self.train: list[Any] = []  # examples, once the set has been read
        self.held_out: list[Any] = []

    # ---- what a family says

    @abstractmethod
    def load_network(self) -> nn.Module:
        """Return the network, in the precision that it is trained in, on the CPU."""

    @abstractmethod
    def places(self) -> Sequence[Place]:
        """Return the layers of the network that adapters may be for."""

    @abstractmethod
    def prepare(self, rows: Sequence[Row], found: PreparedSet, folder: Path) -> Prepared:
        """Return examples of rows; `folder` may keep tokens."""

    @abstractmethod
    def batch(self, examples: Sequence[Any]) -> Any:
        """Return examples as a batch on the device."""

    @abstractmethod
    def score(self, network: nn.Module, examples: Sequence[Any], step: int) -> Scores:
        """Return how a network does on held-out examples."""

    @abstractmethod
    def speak(self, network: nn.Module, examples: Sequence[Any]) -> Sequence[Spoken]:
        """Return the texts of held-out examples as a network speaks them, by the recipe's seed."""

    @abstractmethod
    def write_model(self, network: nn.Module, folder: Path, facts: dict[str, Any]) -> None:
        """Write the whole model, as `vocable.load` reads it."""

    # ---- what the loop asks

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        self.device, self.folder = distributed.device, folder
        full = self.recipe.tuning.method == "full" and self.recipe.precision == "bf16"
        self._autocasts = full and not bf16.why_not(self.device)
        self.set = PreparedSet.read(data)
        self.consent = self.set.require_consent()
        self.network.to(self.device)
        self.model.to(self.device)
        table = self.recipe.rows
        train, held_out = rows_to_learn(self.set, table), self.set.part("valid")
        made = self.prepare([*train, *held_out[: self.recipe.held_out.rows]], self.set, folder)
        self.left_out = made.left_out
        names = {row.file_name for row in train}
        self.train = [each for each in made.examples if each.name in names]
        self.held_out = [each for each in made.examples if each.name not in names]
        if not self.train:
            why = next(iter(self.left_out.values()), "")
            raise RecipeError(f"{data} has no snippet that the model can learn from ({why})")
        self._likeness = self._listen()
        lengths = [each.length for each in self.train]
        seed = self.recipe.seed + 1000 * distributed.rank
        self.epochs = Epochs(lengths, table.batch, seed)
        self.items_per_batch = table.batch * sum(lengths) / len(lengths)

    def begin(self, *, resumed: bool) -> None:
        self._checked = resumed
        self.network.train()
        self.model.train()

    def draw(self) -> Any:
        return self.batch([self.train[at] for at in self.epochs.draw()])

    def report(self) -> dict[str, Any]:
        """Return, of the first step, the gradient of each kind of layer; see `gradients`."""
        if self._checked:
            return {}
        self._checked = True
        return {"gradients": gradients(self.model)}

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        if not self.held_out:
            return {}
        with self._weights_of(model) as network:
            scores = self.score(network, self.held_out, step)
            spoken = self.speak(network, self.held_out[: self.recipe.held_out.samples])
        self._scores = with_spoken(scores, spoken, self._likeness)
        self.best.add(step, self._scores, model)
        return {key: value for key, value in vars(self._scores).items() if value is not None}

    def enough(self) -> bool:
        patience = self.recipe.held_out.patience
        return bool(patience) and self.best.waited >= patience

    def end(self, model: nn.Module) -> None:
        """Keep the weights that held-out speech liked best."""
        self.best.put_into(model)

    def diagnose(self, line: dict[str, Any]) -> Sequence[Problem]:
        return self.problems()

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong by the last evaluation."""
        if len(self.best.bits) < 2:  # the first is of what the model was before
            return ()
        return problems(self._scores, self.best.bits, self.best.likeness)

    def state(self) -> dict[str, Any]:
        return {
            "epochs": self.epochs.state(),
            "best": self.best.state(),
            "scores": dict(vars(self._scores)),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.epochs.restore(state["epochs"])
        self.best.restore(state["best"])
        self._scores = Scores(**state["scores"])

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        """Write the adapter, and the whole model where that is asked for, or all of it learnt."""
        tuning, name = self.recipe.tuning, self.recipe.check_model()
        if not isinstance(model, Adapter):
            self.write_model(model, folder, facts)
            return name
        # beside a whole model the adapter would be put in twice by who finds both
        write_adapter(model, folder / "adapter" if tuning.merge else folder, name)
        if tuning.merge:
            assert isinstance(self.model, Adapter)
            with self._weights_of(model) as network:
                self.model.merge(network)
                self.write_model(network, folder, facts)
        return name

    def in_use(self, model: nn.Module) -> Finetuned:
        learnt = parts(self.model)
        found = Finetuned(
            folder=self.folder,
            model=self.recipe.tuning.model,
            method=self.recipe.tuning.method,
            consent=self.consent,
            parts=tuple(learnt),
            share=sum(part.parameters for part in learnt) / self._weights,
            rows=len(self.train),
            left_out=self.left_out,
            bits=self.best.bits,
            likeness=self.best.likeness,
            speakers=self.recipe.held_out.speakers,
            best=self.best.step,
            verdict=verdict(self.problems()),
        )
        found.write()
        return found

    def _listen(self) -> Likeness | None:
        """Return what compares speech with the held-out recordings; None where nothing is asked."""
        table = self.recipe.held_out
        if not (table.speakers and table.samples and self.held_out):
            return None
        recordings = (Audio.read(self.set.folder / each.name) for each in self.held_out)
        return Likeness(find_embedding(table.speakers), recordings)

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context of a step: bf16 over weights that all learn, where it is fast."""
        if not self._autocasts:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    @contextmanager
    def _weights_of(self, model: nn.Module) -> Iterator[nn.Module]:
        """Give the network with the weights of `model`, an adapter or a network, to evaluate it."""
        if not isinstance(model, Adapter):
            yield model.eval()
            return
        own = dict(self.model.named_parameters())
        lent = {name: value.data for name, value in model.named_parameters()}
        before = {name: value.data for name, value in own.items()}
        try:
            for name, value in own.items():
                value.data = lent[name]
            yield self.network.eval()
        finally:
            for name, value in own.items():
                value.data = before[name]
            self.network.train()


def rows_to_learn(found: PreparedSet, table: Rows) -> list[Row]:
    """Return the rows that a run learns from; RecipeError where there are none."""
    rows = [row for row in found.part("train") if row.seconds <= table.longest]
    if not rows:
        raise RecipeError(
            f"{found.folder} has no snippet of at most {table.longest:g} s to learn from; raise "
            "rows.longest, or prepare more recordings"
        )
    return rows[: table.most or None]


def what_learns(network: nn.Module, places: Sequence[Place], tuning: Tuning) -> nn.Module:
    """Return an adapter that has been put into a network, or the network, ready to learn."""
    if tuning.method == "full":
        return network.requires_grad_(True)
    settings = LoraSettings(
        tuning.rank, tuning.alpha or float(tuning.rank), tuning.dropout, tuning.rslora
    )
    adapter = Adapter(network, choose(places, tuning.targets, tuning.exclude), settings)
    adapter.attach(network)
    return adapter
