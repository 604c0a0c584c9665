"""Sounds that break transform codecs, made here: what they do to them, in decibels.

Pre-echo is the power that is added in the 20 ms before an attack, relative to the power of the
20 ms after it. Overshoot is the peak of the output over that of the input. Added is the power of
the difference over that of the input (for silence: of the output itself, of full scale).
"""

import numpy as np

from benchmarks.tables import heading, row

RATE = 48000
HOLD = RATE // 50  # 20 ms
STRIKES = (0.4531, 0.9317, 1.4873)  # seconds: at any place in a frame
QUIET = 1e-12


def cases() -> dict[str, np.ndarray]:
    """Return two seconds each, full scale 1."""
    time = np.arange(2 * RATE) / RATE
    random = np.random.default_rng(0)
    strikes = np.zeros(time.size)
    for at in STRIKES:
        after = np.maximum(time - at, 0)
        ring = np.sin(2 * np.pi * 2300 * after) + 0.7 * np.sin(2 * np.pi * 5100 * after)
        click = ring + random.standard_normal(time.size)
        strikes += (time >= at) * click * np.exp(-after / 0.012)
    return {
        "castanets": 0.7 * strikes / np.abs(strikes).max(),
        "castanets over noise": 0.7 * strikes / np.abs(strikes).max()
        + 0.001 * random.standard_normal(time.size),
        "tone of 440 Hz": 0.5 * np.sin(2 * np.pi * 440 * time),
        "tone of 1 kHz, full scale": np.sin(2 * np.pi * 1000 * time),
        "tone of 15 kHz": 0.5 * np.sin(2 * np.pi * 15000 * time),
        "square wave of 100 Hz, full scale": np.sign(np.sin(2 * np.pi * 100 * time + 1e-6)),
        "silence": np.zeros(time.size),
    }


def table(codec) -> list[str]:
    """Return the Markdown table of all cases at three prefixes."""
    prefixes = codec.spec.prefixes
    chosen = sorted({prefixes[len(prefixes) // 4], prefixes[len(prefixes) // 2], prefixes[-1]})
    lines = ["**hard cases**", "", heading(["case", "levels", "pre-echo", "overshoot", "added"])]
    for name, x in cases().items():
        tokens = codec.encode(x.astype(np.float32), rate=RATE)
        for levels in chosen:
            y = codec.decode(tokens.first(levels)).samples[0].astype(np.float64)
            echo = f"{pre_echo(x, y):.1f} dB" if name.startswith("castanets") else "–"
            over = f"{overshoot(x, y):+.1f} dB" if x.any() else "–"
            lines.append(row([name, str(levels), echo, over, f"{added(x, y):.1f} dB"]))
    return lines


def pre_echo(x: np.ndarray, y: np.ndarray) -> float:
    """Return the power added before attacks over that of the attacks, the worst of them, in dB."""
    found = []
    for at in (round(s * RATE) for s in STRIKES):
        before = np.mean((y - x)[at - HOLD : at] ** 2)
        found.append(_db(before) - _db(np.mean(x[at : at + HOLD] ** 2)))
    return max(found)


def overshoot(x: np.ndarray, y: np.ndarray) -> float:
    """Return the peak of y over that of x, in dB."""
    return 2 * (_db(np.abs(y).max()) - _db(np.abs(x).max()))


def added(x: np.ndarray, y: np.ndarray) -> float:
    """Return the power of the difference over that of x, or of full scale for silence, in dB."""
    return _db(np.mean((y - x) ** 2)) - (_db(np.mean(x**2)) if x.any() else 0)


def _db(power: float) -> float:
    return float(10 * np.log10(power + QUIET))
