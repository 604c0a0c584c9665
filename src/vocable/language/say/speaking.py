"""Say phones: durations first, then one frame of tokens after the other.

What is said in a stream is what is said whole, since there is one loop; and what is said in a batch
is what is said alone, since each item draws by a seed of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.errors import ModelError
from vocable.language.filters import draw
from vocable.language.say.durations import median, whole_frames
from vocable.language.say.model import Say
from vocable.language.say.steps import Steps

Frame = Int64[Tensor, "batch levels"]


@dataclass(frozen=True)
class Manner:
    """How phones are said.

    temperature: of each level, the last one counts for those behind it; 0 takes the likeliest.
    likeliest: how many entries of a level are drawn from.
    pace: how much faster than the model expects, 1: as it does.
    levels: how many are said; None: all.
    """

    temperature: tuple[float, ...] = (0.6, 0.6, 0.6, 0.5, 0.4)
    likeliest: int = 64
    pace: float = 1.0
    levels: int | None = None

    def __post_init__(self) -> None:
        cold = not self.temperature or min(self.temperature) < 0
        if cold or self.pace <= 0 or self.likeliest < 1:
            raise ModelError(
                "speaking takes temperatures of 0 or more, a pace above 0 and 1 or more of the "
                f"likeliest; given are {self.temperature}, {self.pace} and {self.likeliest}"
            )

    def of(self, level: int) -> float:
        """The temperature of a level."""
        return self.temperature[min(level, len(self.temperature) - 1)]


@dataclass(frozen=True)
class Planned:
    """What will be said: a row for each frame, `[batch, frames, channels]`, and how many each."""

    rows: Tensor
    frame_counts: Tensor
    durations: Tensor


@torch.inference_mode()
def plan(
    model: Say,
    symbols: Sequence[np.ndarray],
    voice: Float[Tensor, "batch voice"],
    manner: Manner = Manner(),  # noqa: B008 - a frozen value
    durations: Sequence[np.ndarray] | None = None,
) -> Planned:
    """Decide how long each symbol lasts, for items `[symbols, 3]` of any lengths.

    durations: of each, in hops, where they are known; the last symbol fills up the frame.
    """
    counts = torch.tensor([len(each) for each in symbols])
    padded = torch.zeros(len(symbols), int(counts.max()), 3, dtype=torch.int64)
    for row, each in zip(padded, symbols, strict=True):
        row[: len(each)] = torch.from_numpy(each.astype(np.int64))
    padded, counts = padded.to(voice.device), counts.to(voice.device)
    encoded = model.encoded(padded, counts, voice)
    expected = median(model.duration(encoded).float()).double()
    if durations is not None:
        for row, known in zip(expected, durations, strict=True):
            row[: len(known)] = torch.from_numpy(known)
    lasting = (expected / manner.pace).round().long()
    for row, count in zip(lasting, counts.tolist(), strict=True):
        row[count:] = 0
        row[:count] = whole_frames(row[:count], model.config.hops)
    frame_counts = lasting.sum(1) // model.config.hops
    return Planned(model.placed(encoded, lasting, frame_counts, voice), frame_counts, lasting)


@torch.inference_mode()
def say(
    steps: Steps,
    planned: Planned,
    seeds: Sequence[int],
    manner: Manner = Manner(),  # noqa: B008
) -> Iterator[Frame]:
    """Give the tokens of each frame, `[batch, levels]`, of items that are drawn by a seed each.

    Items that are shorter than others go on with tokens that mean nothing: `planned.frame_counts`.
    """
    config = steps.config
    levels = len(config.sizes) if manner.levels is None else manner.levels
    batch, frames, _ = planned.rows.shape
    chances = _chances(seeds, frames, len(config.sizes)).to(planned.rows.device)
    state = steps.initial_state(batch)
    before = planned.rows.new_zeros(batch, config.row)
    for frame in range(frames):
        contexts, state = steps.contexts(planned.rows[:, frame], before, state)
        known, codes = torch.zeros_like(before), []
        for level in range(levels):
            logits = steps.logits(level, contexts[level], known)
            chosen = _chosen(logits, manner, level, chances[:, frame])
            known = known + steps.places[level][chosen]
            codes.append(chosen)
        before = known
        yield torch.stack(codes, 1)


def _chances(
    seeds: Sequence[int], frames: int, levels: int
) -> Float[Tensor, "batch frames levels"]:
    """Return numbers from 0 to 1; those of a frame do not depend on how many follow."""
    made = [
        torch.rand(frames, levels, dtype=torch.float64, generator=torch.Generator().manual_seed(s))
        for s in seeds
    ]
    return torch.stack(made)


def _chosen(
    logits: Float[Tensor, "batch size"],
    manner: Manner,
    level: int,
    chances: Float[Tensor, "batch levels"],
) -> Int64[Tensor, " batch"]:
    temperature = manner.of(level)
    if not temperature:
        return logits.argmax(-1)
    best, ids = logits.topk(min(manner.likeliest, logits.shape[1]))
    place = draw(best / temperature, chances[:, level : level + 1])
    return ids.gather(1, place[:, None])[:, 0]
