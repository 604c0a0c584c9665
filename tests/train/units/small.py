"""A recipe that trains a small encoder in a second, and recordings to train it on."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from vocable.train.registry import recipe_from

SMALL = {
    "bands": 8, "ahead": 1, "channels": 16, "layers": 1, "heads": 2, "context": 10,
    "kernel": 3, "units": 8,
}  # fmt: skip
CONTRASTIVE = {
    "objective": "contrastive",
    "targets": {},
    "again": {},
    "contrast": {"steps": 2, "within": 12, "across": 3},
}


def recipe(**more):
    """Return a recipe of masked prediction; `more` replaces tables."""
    table = {
        "name": "small",
        "task": "units",
        "schedule": {"steps": 8, "warmup": 2},
        "optimizer": {"lr": 3e-3},
        "units": {"config": SMALL, "deeper": 1},
        "targets": {"teacher": "mfcc", "classes": 6},
        "again": {"after": 0.5, "layer": 1, "classes": 5},
        "data": {"batch": 4, "segment": 1.0},
        "augment": {"speed": [0.9, 1.1], "flip": False},
        "checkpoints": {"log_steps": 4, "evaluate_seconds": 0, "tensorboard": False},
    }
    return recipe_from(table | more)


def write_manifest(folder: Path, sounds: Iterator[np.ndarray], **facts) -> Path:
    """Write recordings at 16 kHz and their manifest, the last one of them held out."""
    rows = []
    for index, samples in enumerate(sounds):
        soundfile.write(folder / f"{index}.wav", samples, 16_000)
        more = {key: values[index] for key, values in facts.items()}
        rows.append({"path": f"{index}.wav", "split": "train", **more})
    rows[-1]["split"] = "valid"
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path
