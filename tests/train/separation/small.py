"""Speakers and a recipe small enough for tests of training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from vocable.train.registry import recipe_from
from vocable.train.separation.recipe import SeparationRecipe

RATE = 8000
CONFIG = {
    "rate": RATE, "filters": 24, "window": 16, "stride": 8, "bottleneck": 12, "skip": 12,
    "hidden": 16, "blocks": 3, "repeats": 1, "norm": "global", "causal": False,
}  # fmt: skip


def recipe(**more) -> SeparationRecipe:
    return recipe_from({
        "task": "separation",
        "name": "small",
        "separation": {"config": CONFIG},
        "mixtures": {"held_out": 6},
        "data": {"batch": 4, "segment": 0.25},
        "schedule": {"steps": 10, "warmup": 2},
        "optimizer": {"lr": 5e-3, "clip": 5.0},
        "checkpoints": {"log_steps": 5, "evaluate_seconds": 0.0, "tensorboard": False},
        **more,
    })  # fmt: skip


def write(folder: Path, speakers: int = 6) -> Path:
    """Write hums of as many speakers, each at a pitch of its own; the last two are held out."""
    random, rows = np.random.default_rng(0), []
    for speaker in range(speakers):
        hertz = 110 * 1.5**speaker
        for number, seconds in enumerate((0.6, 0.2)):
            time = np.arange(round(seconds * RATE)) / RATE
            loud = 0.05 + 0.05 * np.sin(2 * np.pi * random.uniform(2, 5) * time) ** 2
            samples = loud * np.sin(2 * np.pi * hertz * time + random.uniform(0, 6))
            name = f"{speaker}-{number}.wav"
            soundfile.write(folder / name, samples, RATE)
            split = "valid" if speaker >= speakers - 2 else "train"
            rows.append({"path": name, "speaker": f"s{speaker}", "split": split})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"
