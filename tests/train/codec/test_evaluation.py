"""Held-out evaluation: all measures, of codes as they will be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vocable.audio import Audio, resample
from vocable.train.codec.evaluation import evaluate

RATE = 16_000


class Noisy(nn.Module):
    """A codec whose codes are the samples, which come back with a gain and with noise."""

    def __init__(self, noise: float = 0.0, gain: float = 1.0) -> None:
        super().__init__()
        self.noise, self.gain = noise, gain

    def to_codes(self, x: Tensor) -> Tensor:
        return x

    def from_codes(self, codes: Tensor) -> Tensor:
        return self.gain * codes + self.noise * torch.randn_like(codes)


def scores(model: nn.Module, *clips: np.ndarray) -> dict[str, Any]:
    return evaluate(model, clips, RATE, torch.device("cpu"), None, 0)


@pytest.fixture
def clip() -> np.ndarray:
    """Return three seconds of speech."""
    audio = Audio.read(Path(__file__).parents[1] / "voice" / "00.ogg")
    return resample(audio.samples[:1], audio.rate, RATE)[0, : 3 * RATE].astype(np.float32)


def test_every_measure_is_there(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    same, noisy = scores(Noisy(), clip), scores(Noisy(noise=0.02), clip)
    assert set(same) == set(noisy) == {"mel", "level_db", "stoi", "pesq"}
    assert same["mel"] == 0 and same["level_db"] == 0
    assert same["stoi"] > 0.999 and same["pesq"] > 4.5
    assert noisy["stoi"] < 0.99 and noisy["pesq"] < 4 and noisy["mel"] > 0.1


def test_a_clip_without_a_measure_counts_for_the_others(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    both = scores(Noisy(), clip, np.zeros(RATE, np.float32))
    assert both["stoi"] > 0.999 and both["pesq"] > 4.5 and both["mel"] == 0


@pytest.mark.parametrize(("gain", "level"), [(0.5, -6.02), (2.0, 6.02)])
def test_the_level_is_that_of_the_output_over_the_input(
    gain: float, level: float, clip: np.ndarray
) -> None:
    assert scores(Noisy(gain=gain), clip)["level_db"] == pytest.approx(level, abs=0.01)


def test_scores_are_means_over_the_clips(clip: np.ndarray) -> None:
    halved = Noisy(gain=0.5)
    one, two = (scores(halved, part)["mel"] for part in (clip[:RATE], clip[RATE:]))
    assert one != two
    both = scores(halved, clip[:RATE], clip[RATE:])["mel"]
    assert both == pytest.approx((one + two) / 2)
