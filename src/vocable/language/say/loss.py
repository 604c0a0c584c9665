"""What a model that says phones learns by: the surprise at tokens and at durations, in nats."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.language.say.durations import real_rows
from vocable.language.say.model import Say, Utterances


@dataclass(frozen=True)
class Disturbance:
    """What is done in training to what a model hears of its past, and of the voice.

    without: share of items whose past is left out; lost: share of frames that are.
    noise: deviation of what is added to the rest, in deviations of the entries.
    """

    without: float = 0.15
    lost: float = 0.1
    noise: float = 0.2


def losses(
    model: Say,
    batch: Utterances,
    disturbance: Disturbance | None = None,
    share: float = 1.0,
    shared: int = 4,
) -> dict[str, Tensor]:
    """Return the mean surprise at the tokens of each level, and at durations, by name.

    disturbance: in training. share: of the frames that levels from `shared` on are asked for, drawn
    anew each time: these have many entries and say little.
    """
    real = real_rows(batch.frame_counts, batch.codes.shape[1])
    voice = model.voices(batch.reference, batch.reference_counts)
    encoded = model.encoded(batch.symbols, batch.symbol_counts, voice)
    placed = model.placed(encoded, batch.durations, batch.frame_counts, voice)
    known = model.books.known(batch.codes)
    before = F.pad(known[-1], (0, 0, 1, 0))[:, :-1]
    if disturbance is not None:
        before = _disturbed(before, disturbance)
    contexts = model.heads.contexts(model.contexts(placed, before)[real])
    codes, known = batch.codes[real], [each[real] for each in known]
    found = {}
    asked = torch.arange(len(codes), device=codes.device)
    for level in range(codes.shape[1]):
        if level == shared and share < 1:
            count = max(1, round(share * len(codes)))
            asked = torch.randperm(len(codes), device=codes.device)[:count]
        found[f"level{level}"] = model.heads.loss(
            level, contexts[level][asked], known[level][asked], codes[asked, level]
        )
    found["duration"] = _duration_loss(model, encoded, batch)
    return found


def _duration_loss(model: Say, encoded: Float[Tensor, "_ _ _"], batch: Utterances) -> Tensor:
    real = real_rows(batch.symbol_counts, batch.durations.shape[1])
    logits = model.duration(encoded)[real].float()
    return F.cross_entropy(logits, batch.durations[real].clamp(max=model.config.longest - 1))


def _disturbed(
    before: Float[Tensor, "batch frames axes"], by: Disturbance
) -> Float[Tensor, "batch frames axes"]:
    batch, frames, _ = before.shape
    whole = torch.rand(batch, 1, 1, device=before.device) >= by.without
    each = torch.rand(batch, frames, 1, device=before.device) >= by.lost
    return (before + by.noise * torch.randn_like(before)) * (whole & each)
