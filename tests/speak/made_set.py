"""A prepared set as `vocable speak prepare` leaves one, small and made up."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

TEXTS = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
)
UNSURE = ("canoe", "planks", "depth", "chicken")
SECONDS, RATE = 2.0, 16_000


def words_of(text: str, seconds: float = SECONDS, unsure: Sequence[str] = UNSURE) -> list[dict]:
    """Return the words of a text, one after the other."""
    words = text.split()
    each = seconds / max(1, len(words))
    return [
        {
            "begin": round(n * each, 3),
            "end": round((n + 0.9) * each, 3),
            "word": word,
            "probability": 0.2 if word.strip(".,").lower() in unsure else 0.95,
        }
        for n, word in enumerate(words)
    ]


def row(number: int, text: str, name: str = "talk") -> dict:
    return {
        "file_name": f"audio/{name}-{number:04}.flac",
        "text": text,
        "speaker": "anna",
        "language": "en",
        "source": f"{name}.mp3",
        "begin": 3.0 * number,
        "end": 3.0 * number + SECONDS,
        "split": "train",
        "words": words_of(text),
        "checks": {"loudness": -23.0, "peak": -3.0, "snr": 34.0, "clipped": 0.0, "band": 7800.0,
                   "likeness": 0.8},
    }  # fmt: skip


def make_set(
    folder: Path, texts: Sequence[str] = TEXTS, *, name: str = "talk", sound: bool = True
) -> Path:
    """Write a set of a tone for each text; without sound the files are there, and empty."""
    (folder / "audio").mkdir(parents=True)
    rows = [row(n, text, name) for n, text in enumerate(texts, 1)]
    tone = _tone() if sound else b""
    for each in rows:
        (folder / each["file_name"]).write_bytes(tone)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    source = {"name": f"{name}.mp3", "sha256": digest, "seconds": 60.0, "rate": RATE,
              "channels": 1, "snippets": len(rows), "lost": {}}  # fmt: skip
    facts = {"format": 1, "vocable": "0.0", "name": "anna", "speaker": "anna", "consent": "yes",
             "language": "en", "recogniser": "made-up", "settings": {}, "sources": [source],
             "dropped": []}  # fmt: skip
    lines = (json.dumps(each, ensure_ascii=False) + "\n" for each in rows)
    (folder / "metadata.jsonl").write_text("".join(lines), "utf-8")
    (folder / "set.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return folder


def _tone() -> bytes:
    file = io.BytesIO()
    samples = 0.1 * np.sin(np.arange(int(SECONDS * RATE)) / 10)
    soundfile.write(file, samples, RATE, format="FLAC")
    return file.getvalue()


def rows_of(folder: Path) -> dict[str, dict]:
    """Return the rows of a set by file."""
    lines = (folder / "metadata.jsonl").read_text("utf-8").split("\n")
    return {each["file_name"]: each for each in map(json.loads, filter(None, lines))}
