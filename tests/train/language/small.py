"""A set of tokens that small models learn within seconds, and recipes for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import read_recipe
from vocable.train.recipe import Recipe

UNITS = TokenSpec("units@1:0a", 16_000, 320, 1, (Level(6, role="semantic"),), (1,))
CODEC = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(6), Level(6), Level(8), Level(8)), (2, 4))
HEADS = {
    "delay": ["model.kind=layout", "model.layout=delay"],
    "depth": [
        "model.kind=layout", "model.layout=depth",
        "model.depth={width = 16, layers = 1, heads = 2, hidden = 16, context = 4}",
    ],
    "flatten": ["model.kind=flatten"],
    "semantic": ["model.kind=audiolm", "model.stage=semantic", "model.coarse=2"],
    "coarse": ["model.kind=audiolm", "model.stage=coarse", "model.coarse=2"],
    "fine": ["model.kind=audiolm", "model.stage=fine", "model.coarse=2"],
}  # fmt: skip


def tracks(frames: int, seed: int) -> dict[str, AudioTokens]:
    """Return tokens in which a step follows from the one before, nine times of ten."""
    random = np.random.default_rng(seed)
    unit = [int(random.integers(6))]
    for _ in range(frames - 1):
        follow = (unit[-1] * 5 + 1) % 6
        unit.append(follow if random.random() < 0.9 else int(random.integers(6)))
    first = np.array(unit)
    levels = [
        first,
        (first + np.roll(first, 1)) % 6,
        (first * 3) % 8,
        random.integers(0, 8, frames),
    ]
    units = AudioTokens(UNITS, [np.repeat(first, 2)[None]])
    return {"semantic": units, "acoustic": AudioTokens(CODEC, [each[None] for each in levels])}


def write_set(folder: Path, *, held_out: int = 3, again: bool = False) -> Path:
    """Write a set of tokens; again: hold out what is trained on."""
    with TokenSetWriter(folder) as out:
        for number in range(12):
            out.add(tracks(40 + number, number), About(f"r{number}", set="a", speaker="s"))
        for number in range(held_out):
            seed = number if again else 100 + number
            out.add(tracks(40 + number, seed), About(f"v{number}", "valid"))
    return folder


def recipe(head: str, *overrides: str) -> Recipe:
    """Return a recipe of a small model that trains for some steps."""
    sizes = [
        "width = 24",
        "layers = 2",
        "heads = 2",
        "hidden = 32",
        "context = 300",
        "dropout = 0.1",
    ]
    lines = [
        *HEADS[head],
        f"model.trunk={{{', '.join(sizes)}}}",
        "tokens.seconds=1.0", "tokens.positions=400", "optimizer.lr=0.01",
        "schedule.kind=linear", "schedule.steps=40", "schedule.warmup=5",
        "checkpoints.log_steps=10", "checkpoints.evaluate_steps=20",
        "checkpoints.evaluate_seconds=0", "checkpoints.tensorboard=false",
    ]  # fmt: skip
    return read_recipe(base(), [*lines, *overrides])


def base() -> Path:
    """Return a recipe that says no more than what it is for."""
    return Path(__file__).parent / "home.toml"


def log(out: Path, kind: str) -> list[dict[str, Any]]:
    """Return the lines of a run's log of one kind."""
    import json

    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == kind]
