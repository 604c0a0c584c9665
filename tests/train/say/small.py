"""Packed speech of two speakers that is made up, and a recipe that learns it in a second."""

from pathlib import Path

import numpy as np

from vocable.codecs.codebooks import codec_books
from vocable.load import load_codec
from vocable.train.registry import recipe_from
from vocable.train.say.packed import Utterance, pack

SMALL = {
    "channels": 16, "phone_blocks": 1, "frame_blocks": 1, "past_blocks": 1, "hop_channels": 8,
    "head_channels": 8, "learned": 2, "voice": 4, "voice_channels": 8,
}  # fmt: skip


def recipe(**more):
    """Return a recipe; `more` replaces tables."""
    table = {
        "name": "small",
        "task": "say",
        "schedule": {"steps": 8, "warmup": 2},
        "optimizer": {"lr": 3e-3},
        "average": 0.5,
        "say": {"config": SMALL},
        "speech": {"frames": 60, "reference": 10, "held_out": 2},
        "checkpoints": {"log_steps": 4, "evaluate_seconds": 0, "tensorboard": False},
    }
    return recipe_from(table | more)


def utterances(count=10):
    """Return utterances in which each symbol lasts two frames and has codes of its own."""
    sizes = codec_books(load_codec("speech-16k")).sizes
    found = []
    for k in range(count):
        random = np.random.default_rng(k)
        phones = random.integers(6, 12, size=int(random.integers(3, 8)))
        symbols = np.stack([phones, phones * 0, phones * 0], 1)
        codes = np.stack([np.repeat(phones * 7 % size, 2) for size in sizes], 1)
        split = "valid" if k >= count - 2 else "train"
        durations = np.full(len(phones), 8)
        found.append(Utterance(f"{k}", f"speaker{k % 2}", split, "toy", symbols, durations, codes))
    return found


def write(folder: Path) -> Path:
    """Write packed speech of the codec's space."""
    path = folder / "speech.npz"
    pack(utterances(), codec_books(load_codec("speech-16k")).space, 0.04).save(path)
    return path
