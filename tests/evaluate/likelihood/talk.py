"""Made-up talk: bursts of tone with pauses, by speakers who differ in pitch; and noises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 16_000
WORD, PAUSE = 0.4, 0.15  # seconds


def talk(hertz: float, words: int, seed: int, level: float = 0.2) -> np.ndarray:
    """Words of tone with pauses between them, and a little noise."""
    random = np.random.default_rng(seed)
    sound = [np.zeros(round(PAUSE * RATE))]
    for _ in range(words):
        time = np.arange(round(WORD * random.uniform(0.8, 1.2) * RATE)) / RATE
        sound += [level * np.sin(2 * np.pi * hertz * time), np.zeros(round(PAUSE * RATE))]
    whole = np.concatenate(sound)
    return whole + random.normal(0, 1e-4, whole.size)


def write_rows(folder: Path, sounds: dict[str, np.ndarray], **known: dict[str, Any]) -> Path:
    """Write recordings and their manifest; known: more entries of each row, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, sound in sounds.items():
        soundfile.write(folder / f"{name}.wav", sound, RATE)
        rows.append({"path": f"{name}.wav", **known.get(name, {})})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def write_talks(folder: Path, speakers: int = 4, each: int = 3, words: int = 6) -> Path:
    """Recordings of women (higher than 1 kHz) and men, as many of both."""
    sounds, known = {}, {}
    for speaker in range(speakers):
        woman = speaker % 2
        for k in range(each):
            name = f"s{speaker}-{k}"
            hertz = (1500 if woman else 300) + 40 * speaker
            sounds[name] = talk(hertz, words, 10 * speaker + k, 0.1 + 0.1 * woman)
            known[name] = {"speaker": f"s{speaker}", "gender": "f" if woman else "m"}
    return write_rows(folder, sounds, **known)


def write_noises(folder: Path) -> Path:
    """Two classes of two noises each, tones of 2 and 2.5 kHz, of 4 and 5 kHz."""
    time = np.arange(5 * RATE) / RATE
    tones = {"bees1": 2000, "bees2": 2500, "flute1": 4000, "flute2": 5000}
    sounds = {name: 0.1 * np.sin(2 * np.pi * hertz * time) for name, hertz in tones.items()}
    return write_rows(folder, sounds, **{name: {"label": name[:-1]} for name in tones})


def strongest(sound: np.ndarray, above: float = 0.0) -> float:
    """The frequency in Hz with the most power, above one."""
    spectrum = np.abs(np.fft.rfft(sound))
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(hertz[hertz > above][spectrum[hertz > above].argmax()])
