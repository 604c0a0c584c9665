"""Made-up trials and listeners of listening tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vocable import Audio
from vocable.evaluate.listening import Trial, make_test
from vocable.evaluate.listening.key import Key, KeyedTrial

RATE = 16_000


def sound(seed: int = 0, *, seconds: float = 1.5, rate: int = RATE, channels: int = 1) -> Audio:
    """Noise that swells and fades, so that loudness and delays can be told."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    swell = 0.02 + 0.1 * np.square(np.sin(np.pi * (1.3 + seed % 3) * time))
    return Audio((rng.standard_normal((channels, time.size)) * swell).astype(np.float32), rate)


def changed(audio: Audio, *, gain: float = 1.0, noise: float = 0.0, late: int = 0) -> Audio:
    """What a system might make of it: louder, noisier, late by some samples."""
    rng = np.random.default_rng(1)
    samples = audio.samples + noise * rng.standard_normal(audio.samples.shape)
    samples = np.pad(samples, ((0, 0), (late, 0)))[:, : len(audio)]
    return Audio((gain * samples).astype(np.float32), audio.rate)


def trial(seed: int = 0, **systems: Audio) -> Trial:
    """One trial, by default of a system that is near and one that is noisy."""
    reference = sound(seed)
    usual = {"mild": changed(reference, noise=0.001), "noisy": changed(reference, noise=0.02)}
    return Trial(f"clip {seed}", reference, systems or usual)


def a_test(folder: Path, trials: int = 2) -> tuple[Path, Key]:
    """Make a small test; return its folder and its key."""
    made = make_test(folder / "test", [trial(seed) for seed in range(trials)])
    return made.folder, Key.read(made.key)


SYSTEMS = ("reference", "anchor 3.5 kHz", "anchor 7 kHz", "one", "two")


def a_key(trials: int = 2, systems: tuple[str, ...] = SYSTEMS) -> Key:
    """The key of a test that nobody made: stimulus `t0-one` of trial `t0` is system `one`."""
    keyed = {
        f"t{n}": KeyedTrial(f"clip {n}", {f"t{n}-{system}": system for system in systems}, {}, {})
        for n in range(trials)
    }
    return Key("test", 1, systems, keyed)


Given = Mapping[str, list[Mapping[str, int]]]  # by listener: for each trial, scores by system


def lines(given: Given, key: Key, **other: Any) -> list[str]:
    """What listeners send who rate like this."""
    found = []
    for listener, trials in given.items():
        for (trial, keyed), scores in zip(key.trials.items(), trials, strict=False):
            for place, (stimulus, system) in enumerate(keyed.stimuli.items(), 1):
                if system in scores:
                    row = {
                        "test": key.test, "version": key.version, "listener": listener,
                        "trial": trial, "order": 1, "stimulus": stimulus, "place": place,
                        "score": scores[system], "plays": 2, "seconds": 4.5, "comment": "",
                    }  # fmt: skip
                    found.append(json.dumps(row | other))
    return found


def usual(one: int = 60, two: int = 40, *, reference: int = 100, mid: int = 45) -> dict[str, int]:
    """Scores of one trial by somebody who hears well."""
    return {
        "reference": reference, "anchor 3.5 kHz": 20, "anchor 7 kHz": mid, "one": one, "two": two,
    }  # fmt: skip
