"""Train one probe: frozen tokens, fresh embeddings, attention over levels, a head, a linear map.

Stopping is decided by the valid part alone. Equal seeds give equal probes on one machine; the
caller's random numbers stay as they were.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.fronts import FeatureFront, LevelAttention, Mask
from vocable.evaluate.probes.goal import Learnt
from vocable.evaluate.probes.heads import HEADS_OF_FRAMES, HEADS_OF_WHOLES
from vocable.evaluate.probes.inputs import Heard
from vocable.nearest import nearest

Case = tuple[Example, Heard]


@dataclass(frozen=True)
class Settings:
    """How probes are trained.

    dim        of embeddings
    dropout    share of their numbers
    batch      examples in a step
    rate       of Adam; halved after a round that brings nothing
    faster     by how much embeddings learn faster, since a step meets few of them
    rounds     through the train part, at most
    patience   rounds without a lower loss of valid, after which training ends
    seconds    of each example that are heard in a round, where it has one answer: drawn each time
    device     of torch
    """

    dim: int = 48
    dropout: float = 0.2
    batch: int = 16
    rate: float = 3e-3
    faster: float = 5.0
    rounds: int = 25
    patience: int = 4
    seconds: float = 2.0
    device: str = "cpu"


class Probe(nn.Module):
    """Front, head, and a linear map to the answers."""

    def __init__(self, shown: Heard, head: str, learnt: Learnt, whole: bool, how: Settings) -> None:
        super().__init__()
        self.front: nn.Module
        if shown.sizes:
            self.front = LevelAttention(shown.sizes, how.dim, how.dropout)
        else:
            self.front = FeatureFront(shown.frames.shape[1], how.dim, how.dropout)
        self.head: Any = find_head(head, whole)(how.dim)
        self.last = nn.Sequential(nn.Dropout(how.dropout), nn.Linear(self.head.out, learnt.outputs))

    def forward(self, frames: Tensor, mask: Mask) -> tuple[Tensor, Tensor, Tensor]:
        """Return outputs, the head's vectors, and the weights of levels in each frame."""
        x, weights = self.front(frames)
        vectors = self.head(x, mask)
        return self.last(vectors), vectors, weights


@dataclass(frozen=True)
class Told:
    """What a probe says of one sound: its outputs, its vector or vectors, the levels' weights."""

    output: np.ndarray
    vector: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Trained:
    """A trained probe, after how many rounds it was best, and its loss of valid there."""

    probe: Probe
    rounds: int
    loss: float
    how: Settings

    def tell(self, shown: Sequence[Heard]) -> Iterator[Told]:
        """Yield what it says of each sound."""
        self.probe.eval()
        for start in range(0, len(shown), self.how.batch):
            some = shown[start : start + self.how.batch]
            frames, mask = _padded(some, self.how.device)
            with torch.no_grad():
                outputs, vectors, weights = self.probe(frames, mask)
            for k, each in enumerate(some):
                size = len(each.frames) if outputs.ndim == 3 else None
                cut = slice(None) if size is None else slice(size)
                own = weights[k, : len(each.frames)].mean(dim=0)
                yield Told(*(x.cpu().numpy() for x in (outputs[k][cut], vectors[k][cut], own)))


def find_head(name: str, whole: bool) -> Any:
    """Return a head by name; MeasureError with the nearest name for an unknown one."""
    table = HEADS_OF_WHOLES if whole else HEADS_OF_FRAMES
    if name not in table:
        of = "whole recordings" if whole else "frames"
        raise MeasureError(f'no head of {of} named "{name}"; {nearest(name, table)}')
    return table[name]


def train_probe(
    train: Sequence[Case],
    valid: Sequence[Case],
    learnt: Learnt,
    head: str,
    *,
    whole: bool,
    seed: int,
    how: Settings,
) -> Trained:
    """Return the probe that was best on valid. MeasureError for tokens of different codebooks."""
    kinds = {(case.sizes, case.frames.shape[1]) for _, case in (*train, *valid)}
    if len(kinds) > 1:
        raise MeasureError(f"recordings gave tokens of {len(kinds)} kinds; probe each by itself")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        probe = Probe(train[0][1], head, learnt, whole, how).to(how.device)
        return _trained(probe, _targets(train, learnt), _targets(valid, learnt), learnt, whole, how)


def _targets(cases: Sequence[Case], learnt: Learnt) -> list[tuple[Heard, Any]]:
    return [(shown, learnt.target(example, shown)) for example, shown in cases]


def _trained(
    probe: Probe,
    train: Sequence[tuple[Heard, Any]],
    valid: Sequence[tuple[Heard, Any]],
    learnt: Learnt,
    whole: bool,
    how: Settings,
) -> Trained:
    optimizer = torch.optim.Adam(_groups(probe, how), how.rate, fused=True)
    best, kept, best_round = float("inf"), copy.deepcopy(probe.state_dict()), 0
    for number in range(1, how.rounds + 1):
        probe.train()
        for some in _batches(train, whole, how):
            optimizer.zero_grad()
            _loss(probe, some, learnt, how.device).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(probe.parameters(), 5.0)
            optimizer.step()
        found = _mean_loss(probe, valid, learnt, how)
        if found < best:
            best, kept, best_round = found, copy.deepcopy(probe.state_dict()), number
        elif number - best_round >= how.patience:
            break
        else:
            for group in optimizer.param_groups:
                group["lr"] /= 2
    probe.load_state_dict(kept)
    return Trained(probe, best_round, best, how)


def _groups(probe: Probe, how: Settings) -> list[dict[str, Any]]:
    front = probe.front
    tables = [front.table.weight] if isinstance(front, LevelAttention) else []
    others = [each for each in probe.parameters() if all(each is not own for own in tables)]
    groups: list[dict[str, Any]] = [
        {"params": tables, "lr": how.faster * how.rate},
        {"params": others},
    ]
    return [group for group in groups if group["params"]]


def _batches(
    cases: Sequence[tuple[Heard, Any]], whole: bool, how: Settings
) -> Iterator[Sequence[tuple[Heard, Any]]]:
    """Yield a round of batches in random order, of answers for wholes a stretch of each."""
    order = torch.randperm(len(cases)).tolist()
    for start in range(0, len(order), how.batch):
        some = [cases[k] for k in order[start : start + how.batch]]
        yield [(_stretch(shown, how), target) for shown, target in some] if whole else some


def _stretch(shown: Heard, how: Settings) -> Heard:
    size = max(1, round(how.seconds * shown.frame_rate))
    spare = len(shown.frames) - size
    if spare <= 0:
        return shown
    first = int(torch.randint(spare + 1, ()))
    cut = slice(first, first + size)
    return Heard(shown.frames[cut], shown.times[cut], shown.sizes)


def _mean_loss(
    probe: Probe, cases: Sequence[tuple[Heard, Any]], learnt: Learnt, how: Settings
) -> float:
    probe.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(cases), how.batch):
            some = cases[start : start + how.batch]
            total += float(_loss(probe, some, learnt, how.device)) * len(some)
    return total / len(cases)


def _loss(probe: Probe, cases: Sequence[tuple[Heard, Any]], learnt: Learnt, device: str) -> Tensor:
    frames, mask = _padded([shown for shown, _ in cases], device)
    outputs = probe(frames, mask)[0]
    lengths = [len(shown.frames) for shown, _ in cases]
    return learnt.loss(outputs, lengths, [target for _, target in cases])


def _padded(shown: Sequence[Heard], device: str) -> tuple[Tensor, Mask]:
    lengths = torch.tensor([len(each.frames) for each in shown])
    rows = [torch.from_numpy(each.frames) for each in shown]
    rows = [row.long() if not row.is_floating_point() else row.float() for row in rows]
    frames = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    mask = torch.arange(frames.shape[1]) < lengths[:, None]
    return frames.to(device), mask.to(device)
