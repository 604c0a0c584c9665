"""Tell what is hidden: masked prediction of the classes of frames.

"HuBERT: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units" (Hsu
et al. 2021, arXiv:2106.07447). Classes are clusters of an encoder's frames, or phones that are
stated; frames that are not hidden may count too, which for phones is supervised learning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vocable.train.checks import check
from vocable.train.data.recordings import Recordings
from vocable.train.distributed import Distributed
from vocable.train.units.classes import FrameClasses
from vocable.train.units.excerpts import Excerpt
from vocable.train.units.labels import NONE
from vocable.train.units.network import UnitsNetwork
from vocable.train.units.network_encoder import NetworkEncoder
from vocable.train.units.objective import Answers, Objective, Question
from vocable.train.units.recipe import Mask, UnitsRecipe
from vocable.units.streaming import StreamingUnits

WIDTH = 128  # in which frames and classes are compared
TEMPERATURE = 0.1  # of HuBERT's cosines


@dataclass(frozen=True)
class Hidden(Question):
    """What is told, and of what.

    classes   of each frame, -1: none
    hidden    frames that are not heard
    silent    bands that are not heard
    head      which tells
    """

    classes: Int[Tensor, "batch frames"]
    hidden: Bool[Tensor, "batch frames"]
    silent: Bool[Tensor, "batch bands"]
    head: int


class Head(nn.Module):
    """Tell classes by the cosine between a map of the frame and a vector of each class."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.map = nn.Linear(channels, WIDTH)
        self.classes = nn.Parameter(torch.rand(classes, WIDTH))

    def forward(self, x: Float[Tensor, "*rows channels"]) -> Float[Tensor, "*rows classes"]:
        """Return the logits."""
        found = F.normalize(self.map(x), dim=-1) @ F.normalize(self.classes, dim=-1).T
        return found / TEMPERATURE


class Heads(nn.Module):
    """A head for each number of `classes`, and what the encoder hears of hidden frames."""

    def __init__(self, units: StreamingUnits, classes: Sequence[int]) -> None:
        super().__init__()
        config = units.config
        self.heads = nn.ModuleList(Head(config.channels, each) for each in classes)
        self.hidden = nn.Parameter(torch.rand(2 * config.bands))


class Told:
    """Tell the class of each frame of a recording that is wholly heard, by the first head."""

    def __init__(self, network: UnitsNetwork) -> None:
        self.network = network

    @torch.no_grad()
    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each frame, of samples `[1, time]`."""
        network, parts = self.network, self.network.parts
        assert isinstance(parts, Heads)
        x = network.log_mels(torch.tensor(samples, device=network.device))
        found: np.ndarray = parts.heads[0](network.contexts(x))[0].argmax(-1).cpu().numpy()
        return found


class MaskedPrediction(Objective[Hidden]):
    """Tell the classes of hidden frames: a teacher's first, then the network's own clusters."""

    def __init__(self, recipe: UnitsRecipe) -> None:
        self.recipe = recipe
        self.weights = {"hidden": float(recipe.mask.share > 0), "seen": recipe.mask.seen}

    def parts(self, units: StreamingUnits, layers: int) -> Heads:
        again = self.recipe.again
        clusters = again.after and again.by == "clusters"
        check(
            not clusters or again.layer <= layers,
            f"again.layer is {again.layer}; wanted 1 to {layers}, the blocks of the config and "
            "those of units.deeper",
        )
        self.bands = units.config.bands
        check(
            self.recipe.mask.bands <= self.bands,
            f"mask.bands is {self.recipe.mask.bands} but the encoder hears {self.bands} bands",
        )
        more = [again.classes] if clusters else []
        return Heads(units, [self.recipe.targets.classes, *more])

    def open(
        self,
        recordings: Mapping[str, Recordings],
        folder: Path,
        distributed: Distributed,
        network: UnitsNetwork,
    ) -> None:
        self.classes = FrameClasses(
            self.recipe, recordings, folder, distributed, NetworkEncoder(network), Told(network)
        )

    def iteration(self, steps: float) -> int:
        """Return 0 while the teacher's classes are told, 1 from `again.after` on."""
        after = self.recipe.again.after * self.recipe.schedule.steps
        return int(bool(after) and steps > after)

    def facts(self, steps: float) -> dict[str, Any]:
        return {"iteration": self.iteration(steps)}

    def among(self, name: str, steps: float) -> Bool[np.ndarray, " recordings"] | None:
        known = self.classes.of(self.iteration(steps))[name].known
        return known if known.any() else None  # of held-out ones, perhaps none has a class

    def draw(
        self, excerpt: Excerpt, name: str, steps: float, random: np.random.Generator
    ) -> Hidden:
        iteration = self.iteration(steps)
        classes = self.classes.of(iteration)[name].at(excerpt.recordings, excerpt.frames)
        mask = self.recipe.mask
        hidden = torch.from_numpy(hide(random, classes.shape, mask))
        most = mask.bands if name == "train" else 0
        silent = torch.from_numpy(hide_bands(random, (len(classes), self.bands), most))
        head = iteration if self.recipe.again.by == "clusters" else 0
        return Hidden(excerpt.samples, torch.from_numpy(classes), hidden, silent, head)

    def ask(self, network: UnitsNetwork, question: Hidden) -> Answers:
        parts, classes, hidden = network.parts, question.classes, question.hidden
        assert isinstance(parts, Heads)
        rows = network.log_mels(question.samples)
        rows = rows.masked_fill(question.silent.repeat(1, 2)[:, None], 0.0)  # the mean of a band
        rows = torch.where(hidden[..., None], parts.hidden, rows)
        logits = parts.heads[question.head](network.contexts(rows))
        right = logits.argmax(-1) == classes
        answers = Answers({}, {})
        for name, chosen in (("hidden", hidden), ("seen", ~hidden)):
            chosen = chosen & (classes != NONE)
            answers.right[name] = (right & chosen).sum(), chosen.sum()
            if self.weights[name] and chosen.any():
                answers.losses[name] = F.cross_entropy(logits[chosen].float(), classes[chosen])
        return answers


def hide(random: np.random.Generator, shape: tuple[int, ...], mask: Mask) -> np.ndarray:
    """Return which frames are hidden, of a `shape` of batch and frames: as many spans in each row.

    Their beginnings are drawn without regard to each other, as in HuBERT; 2 spans at least.
    """
    hidden, frames = np.zeros(shape, bool), shape[1]
    if not mask.share or not frames:
        return hidden
    spans = max(2, round(mask.share * frames))
    for row in hidden:
        starts = random.choice(max(1, frames - mask.length + 1), min(spans, frames), replace=False)
        row[(starts[:, None] + np.arange(mask.length)).clip(max=frames - 1)] = True
    return hidden


def hide_bands(random: np.random.Generator, shape: tuple[int, int], most: int) -> np.ndarray:
    """Return which bands are hidden, of a `shape` of batch and bands: two spans of up to `most`.

    "SpecAugment" (Park et al. 2019, arXiv:1904.08779), in frequency.
    """
    hidden, bands = np.zeros(shape, bool), shape[1]
    for row in hidden:
        for width in random.integers(most + 1, size=2) if most else ():
            start = random.integers(bands - width + 1)
            row[start : start + width] = True
    return hidden
