"""A CSM of toy size with its tokenizer, and a prepared set of short tones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from tests.language.csm import references
from vocable.speak.prepare.set import About, PreparedSet, Row

RATE, FRAME = 24_000, 12  # of the toy's codec: a frame takes half a millisecond
LETTERS = "[]0123456789abcdefghij"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def write_model(folder: Path, **changes) -> Path:
    """Write a model in transformers' layout, with a tokenizer of letters."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    references.write_transformers(references.make_reference(**changes), folder)
    vocabulary = {letter: number for number, letter in enumerate(LETTERS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary | {"?": len(LETTERS)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def write_set(
    folder: Path, *, rows: int = 8, held_out: int = 2, consent: str = "herself", frame: int = FRAME
) -> Path:
    """Write a set of tones of 16 to 24 frames; the last ones are held out, of another source."""
    (folder / "audio").mkdir(parents=True)
    made, random = [], np.random.default_rng(0)
    for number in range(rows):
        seconds = frame * int(random.integers(16, 25)) / RATE
        time = np.arange(round(seconds * RATE)) / RATE
        tone = 0.3 * np.sin(2 * np.pi * (500 + 200 * (number % 2)) * time)
        name = f"audio/talk-{number:04}.flac"
        soundfile.write(folder / name, tone, RATE)
        valid = number >= rows - held_out
        source, split = ("other.wav", "valid") if valid else ("talk.wav", "train")
        made.append(Row(name, "ab" if number % 2 else "cde", "anna", "en", source, number,
                        number + seconds, split))  # fmt: skip
    about = About(1, "1.0", "toy", "anna", consent, "en", "", {})
    PreparedSet(folder, about, tuple(made)).save()
    return folder


def table(model: Path, **changes) -> list[str]:
    """Return overrides that make a run of seconds; `changes` by keys with two underscores."""
    values = {
        "tuning.model": str(model), "tuning.rank": 4, "precision": "fp32", "optimizer.lr": 0.01,
        "optimizer.accumulate": 1, "schedule.steps": 12, "schedule.warmup": 2,
        "checkpoints.log_steps": 4, "checkpoints.evaluate_steps": 4, "held_out.samples": 0,
        "checkpoints.tensorboard": False,
    } | {key.replace("__", "."): value for key, value in changes.items()}  # fmt: skip
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]
