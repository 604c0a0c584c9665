"""Recordings and recipes small enough for tests of training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch


@pytest.fixture(autouse=True)
def _repeatable() -> None:
    """Draw the same weights each time, on one thread: what has begun to pass goes on to pass."""
    torch.manual_seed(5)
    torch.set_num_threads(1)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return a manifest of four half-second tones, one of them held out."""
    random = np.random.default_rng(0)
    rows = []
    for index in range(4):
        time = np.arange(4000) / 8000
        tone = 0.2 * np.sin(2 * np.pi * random.uniform(100, 900) * time)
        path = tmp_path / f"tone{index}.wav"
        soundfile.write(path, tone + 0.01 * random.standard_normal(4000), 8000)
        rows.append({"path": path.name, "split": "valid" if index == 3 else "train"})
    target = tmp_path / "manifest.jsonl"
    target.write_text("\n".join(map(json.dumps, rows)))
    return target


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a manifest of four gliding buzzes, which have a pitch."""
    folder = tmp_path_factory.mktemp("voices")
    for index in range(4):
        hertz = np.linspace(100 + 40 * index, 180 + 40 * index, 2 * 16_000)
        phase = np.cumsum(hertz) / 16_000
        buzz = sum(np.cos(2 * np.pi * k * phase) / k for k in range(1, 20))
        soundfile.write(folder / f"{index}.wav", 0.05 * buzz, 16_000)
    rows = [json.dumps({"path": f"{index}.wav"}) for index in range(4)]
    (folder / "manifest.jsonl").write_text("\n".join(rows))
    return folder / "manifest.jsonl"


@pytest.fixture
def table() -> dict:
    """Return a recipe, as a table, that trains the toy codec for twelve steps."""
    return {
        "name": "toy",
        "schedule": {"steps": 12, "warmup": 3},
        "data": {"batch": 2, "segment": 0.128},
        "loss": {
            "time": 1.0,
            "low_band": 0.5,
            "mel_windows": [128, 64],
            "mel_bands": [16, 8],
            "low_band_windows": [128],
        },
        "checkpoints": {
            "log_steps": 4,
            "evaluate_seconds": 0,
            "every_steps": 5,
            "clips": 1,
            "tensorboard": False,
        },
    }
