"""The held-out judge: all measures, of codes as they will be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.measures.signals import LOUDER
from vocable.audio import Audio, resample
from vocable.measures import pesq_wb, register, stoi
from vocable.train.heldout import judge

RATE = 16_000


class Noisy(nn.Module):
    """A codec whose codes are the samples, which come back with noise."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.noise = noise

    def to_codes(self, x: Tensor) -> Tensor:
        return x

    def from_codes(self, codes: Tensor) -> Tensor:
        return codes + self.noise * torch.randn_like(codes)


@pytest.fixture
def clip() -> np.ndarray:
    """Return three seconds of speech."""
    audio = Audio.read(Path(__file__).parent / "voice" / "00.ogg")
    return resample(audio.samples[:1], audio.rate, RATE)[0, : 3 * RATE].astype(np.float32)


def test_a_judging_has_every_measure(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    found = [judge(Noisy(n), [clip], RATE, torch.device("cpu"), None, 0) for n in (0.0, 0.02)]
    assert all(set(scores) == {"mel", "level_db", "stoi", "pesq_wb"} for scores in found)
    same, noisy = found
    assert same["mel"] == 0 and same["level_db"] == 0
    assert same["stoi"] > 0.999 and same["pesq_wb"] > 4.5
    assert noisy["stoi"] < 0.99 and noisy["pesq_wb"] < 4 and noisy["mel"] > 0.1


def test_a_clip_without_a_measure_counts_for_the_others(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    silent = np.zeros(RATE, np.float32)
    both = judge(Noisy(0.0), [clip, silent], RATE, torch.device("cpu"), None, 0)
    assert both["stoi"] > 0.999 and both["pesq_wb"] > 4.5 and both["mel"] == 0


class Halving(nn.Module):
    """A codec that loses the second half of every clip."""

    def to_codes(self, x: Tensor) -> Tensor:
        return x

    def from_codes(self, codes: Tensor) -> Tensor:
        return codes * (torch.arange(codes.shape[-1]) < codes.shape[-1] // 2)


def test_measures_take_the_clip_as_the_reference(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    scores = judge(Halving(), [clip], RATE, torch.device("cpu"), None, 0)
    output = clip.copy()
    output[clip.size // 2 :] = 0
    for measure in (pesq_wb, stoi):
        expected, swapped = measure(clip, output, RATE), measure(output, clip, RATE)
        assert abs(expected - swapped) > 0.1
        assert scores[measure.__name__] == pytest.approx(expected, abs=1e-6)


def test_a_measure_that_is_registered_is_judged_by(registry: Any, clip: np.ndarray) -> None:
    register(LOUDER)
    scores = judge(Halving(), [clip], RATE, torch.device("cpu"), None, 0)
    assert scores["louder"] == pytest.approx(-scores["level_db"], abs=1e-3)
    assert scores["louder"] > 0.5
