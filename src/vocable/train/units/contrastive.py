"""Tell what comes: contrastive prediction of coming frames.

"Representation Learning with Contrastive Predictive Coding" (van den Oord et al. 2018,
arXiv:1807.03748), as in "Unsupervised pretraining transfers well across languages" (Rivière et al.
2020, arXiv:2002.02848): from what the network has heard it picks the frame that comes k later
among wrong ones, most of which are of the same excerpt, so that neither voice nor room helps.

Different here: frames are log-mels behind a small learnt map in place of convolutions over samples;
scores are cosines over a temperature in place of products (as in wav2vec 2.0); the layers behind
the encoder stand for the transformer of each k; all contexts of an excerpt have the same wrong
frames, so that scores are one matrix product.

Nothing that a context has heard is asked for. The context at t has heard the samples up to the
encoder's look-ahead; the first frame that shares none with it is `unheard` later, at 20 ms each:
2 + `ahead`, as rows of log-mels overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vocable.train.checks import check
from vocable.train.units.excerpts import Excerpt
from vocable.train.units.labels import frame_count
from vocable.train.units.network import UnitsNetwork
from vocable.train.units.objective import Answers, Objective, Question
from vocable.train.units.recipe import UnitsRecipe
from vocable.units.log_mel_frames import HOP, RATE, WINDOW
from vocable.units.streaming import StreamingUnits, UnitsEncoder

WIDTH = 128  # in which predictions and frames are compared
TEMPERATURE = 0.1  # of their cosines


@dataclass(frozen=True)
class Coming(Question):
    """Wrong frames, and what is asked.

    within   frames of each excerpt, [batch, wrong]
    across   frames of the batch, counted through all excerpts, [wrong]
    asked    whether context t and the frame that comes are of one recording
    """

    within: Int[Tensor, "batch within"]
    across: Int[Tensor, " across"]
    asked: Bool[Tensor, "batch contexts steps"]


class Predictors(nn.Module):
    """A map of contexts for each step ahead, and one of log-mels, to where they are compared."""

    def __init__(self, units: StreamingUnits, steps: int) -> None:
        super().__init__()
        channels, bands = units.config.channels, units.config.bands
        self.steps = steps
        self.predict = nn.Linear(channels, steps * WIDTH)
        self.frames = nn.Sequential(
            nn.Linear(2 * bands, channels), nn.GELU(), nn.Linear(channels, WIDTH)
        )

    def predictions(
        self, contexts: Float[Tensor, "batch contexts channels"]
    ) -> Float[Tensor, "batch contexts steps width"]:
        """Return what is expected at each step ahead, of length 1."""
        found = self.predict(contexts).float().view(*contexts.shape[:2], self.steps, WIDTH)
        return F.normalize(found, dim=-1)

    def targets(
        self, rows: Float[Tensor, "batch frames bands"]
    ) -> Float[Tensor, "batch frames width"]:
        """Return the frames that come, of length 1."""
        return F.normalize(self.frames(rows).float(), dim=-1)


class ContrastivePrediction(Objective[Coming]):
    """Pick the frame that comes among wrong ones. It says how often it does: for all steps ahead
    together (`coming_right`), for the nearest (`near_right`) and for the furthest (`far_right`).
    """

    weights = {"coming": 1.0}

    def __init__(self, recipe: UnitsRecipe) -> None:
        self.contrast, self.data = recipe.contrast, recipe.data

    def parts(self, units: StreamingUnits, layers: int) -> Predictors:
        self.first = unheard(units.encoder)
        furthest = self.first + self.contrast.steps - 1
        frames = frame_count(round(self.data.segment * RATE))
        check(
            frames > furthest,
            f"data.segment of {self.data.segment:g} s has {frames} frames; wanted more than the "
            f"{furthest} that contrast.steps looks ahead",
        )
        return Predictors(units, self.contrast.steps)

    def draw(
        self, excerpt: Excerpt, name: str, steps: float, random: np.random.Generator
    ) -> Coming:
        batch, frames = excerpt.frames.shape
        order = random.permuted(np.tile(np.arange(frames), (batch, 1)), axis=1)
        across = random.integers(batch * frames, size=self.contrast.across)
        within = order[:, : self.contrast.within]
        own = excerpt.recordings
        coming = self._coming(torch.from_numpy(own)).numpy()
        asked = (coming == own[:, : coming.shape[1], None]) & (coming >= 0)
        return Coming(excerpt.samples, *map(torch.from_numpy, (within, across, asked)))

    def ask(self, network: UnitsNetwork, question: Coming) -> Answers:
        parts, asked = network.parts, question.asked
        assert isinstance(parts, Predictors)
        rows = network.log_mels(question.samples)
        contexts = network.contexts(rows)[:, : asked.shape[1]]
        predicted, frames = parts.predictions(contexts), parts.targets(rows)
        with torch.autocast(frames.device.type, enabled=False):
            true = (predicted * self._coming(frames)).sum(-1) / TEMPERATURE
            wrong = self._wrong(predicted, frames, question) / TEMPERATURE
        surprise = torch.logsumexp(torch.cat((true[..., None], wrong), -1), -1) - true
        loss = (surprise * asked).sum() / asked.sum().clamp(min=1)
        right = (true > wrong.amax(-1)) & asked
        which = {"coming": slice(None), "near": slice(1), "far": slice(-1, None)}  # of the steps
        counts = {name: (right[..., k].sum(), asked[..., k].sum()) for name, k in which.items()}
        return Answers({"coming": loss}, counts)

    def _coming(self, rows: Tensor) -> Tensor:
        """Return of rows `[batch, frames, …]` those that come: `[batch, contexts, steps, …]`."""
        found = rows[:, self.first :].unfold(1, self.contrast.steps, 1)
        return found.movedim(-1, 2)

    def _wrong(
        self,
        predicted: Float[Tensor, "batch contexts steps width"],
        frames: Float[Tensor, "batch frames width"],
        question: Coming,
    ) -> Float[Tensor, "batch contexts steps wrong"]:
        """Return the cosines with the wrong frames; -inf where one is the right frame itself."""
        batch, count = frames.shape[:2]
        numbers = torch.arange(batch * count, device=frames.device).view(batch, count)
        right = self._coming(numbers)[..., None]
        wrong = []
        for chosen in (numbers.gather(1, question.within), question.across.expand(batch, -1)):
            vectors = frames.flatten(0, 1)[chosen]  # [batch, wrong, width]
            scores = (predicted.flatten(1, 2) @ vectors.mT).view(*predicted.shape[:3], -1)
            wrong.append(scores.masked_fill(right == chosen[:, None, None], -torch.inf))
        return torch.cat(wrong, -1)


def unheard(encoder: UnitsEncoder) -> int:
    """Return how many frames after t the first one is of which the output at t has heard nothing.

    The output at t has heard the samples before `320 (t + 1) + lookahead`; frame t + k of the
    log-mels begins with what it hears before its window, at `320 (t + k) - 160`.
    """
    assert encoder.lookahead is not None
    before = encoder.frames.receptive - WINDOW
    return -(-(HOP + encoder.lookahead + before) // HOP)
