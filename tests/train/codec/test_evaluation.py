"""Held-out evaluation: all measures, of codes as they will be used."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.measures.signals import LOUDER
from vocable.audio import Audio, resample
from vocable.measures import pesq, register, stoi
from vocable.testing import codecs
from vocable.testing.tiny_codecs import TINY
from vocable.train.codec.evaluation import evaluate

RATE = 16_000
CODECS = codecs()


class Noisy(nn.Module):
    """A codec whose codes are the samples, which come back with a gain and with noise."""

    spec = SimpleNamespace(rate=RATE)

    def __init__(self, noise: float = 0.0, gain: float = 1.0) -> None:
        super().__init__()
        self.noise, self.gain = noise, gain

    def to_codes(self, x: Tensor) -> Tensor:
        return x

    def from_codes(self, codes: Tensor) -> Tensor:
        return self.gain * codes + self.noise * torch.randn_like(codes)


def scores(model: nn.Module, *clips: np.ndarray) -> dict[str, Any]:
    return evaluate(model, [clip[None] for clip in clips], RATE, torch.device("cpu"), None, 0)


@pytest.fixture
def clip() -> np.ndarray:
    """Return three seconds of speech."""
    audio = Audio.read(Path(__file__).parents[1] / "voice" / "00.ogg")
    return resample(audio.samples[:1], audio.rate, RATE)[0, : 3 * RATE].astype(np.float32)


def test_every_measure_is_there(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    same, noisy = scores(Noisy(), clip), scores(Noisy(noise=0.02), clip)
    assert set(same) == set(noisy) == {"mel", "level_db", "stoi", "pesq_wb"}
    assert same["mel"] == 0 and same["level_db"] == 0
    assert same["stoi"] > 0.999 and same["pesq_wb"] > 4.5
    assert noisy["stoi"] < 0.99 and noisy["pesq_wb"] < 4 and noisy["mel"] > 0.1


def test_a_clip_without_a_measure_counts_for_the_others(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    both = scores(Noisy(), clip, np.zeros(RATE, np.float32))
    assert both["stoi"] > 0.999 and both["pesq_wb"] > 4.5 and both["mel"] == 0


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


class Halving(nn.Module):
    """A codec that loses the second half of every clip."""

    spec = SimpleNamespace(rate=RATE)

    def to_codes(self, x: Tensor) -> Tensor:
        return x

    def from_codes(self, codes: Tensor) -> Tensor:
        return codes * (torch.arange(codes.shape[-1]) < codes.shape[-1] // 2)


def test_measures_take_the_clip_as_the_reference(clip: np.ndarray) -> None:
    pytest.importorskip("pesq")
    found = scores(Halving(), clip)
    output = clip.copy()
    output[clip.size // 2 :] = 0
    for name, measure in {"pesq_wb": pesq, "stoi": stoi}.items():
        expected, swapped = measure(clip, output, RATE), measure(output, clip, RATE)
        assert abs(expected - swapped) > 0.1
        assert found[name] == pytest.approx(expected, abs=1e-6)


def test_a_measure_that_is_registered_is_evaluated(registry: Any, clip: np.ndarray) -> None:
    register(LOUDER)
    found = scores(Halving(), clip)
    assert found["louder"] == pytest.approx(-found["level_db"], abs=1e-3)
    assert found["louder"] > 0.5


def test_a_codec_that_writes_another_rate_is_judged_at_that_rate(clip: np.ndarray) -> None:
    """Samples that are repeated: what lies below 4 kHz comes back, and its image above."""

    class Doubling(nn.Module):
        spec = SimpleNamespace(rate=RATE // 2)

        def to_codes(self, x: Tensor) -> Tensor:
            assert x.shape[-1] == 3 * RATE // 2
            return x

        def from_codes(self, codes: Tensor) -> Tensor:
            return codes.repeat_interleave(2, -1)

    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE).astype(np.float32)
    assert scores(Doubling(), tone)["level_db"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("name", TINY)
def test_every_kind_of_codec_is_evaluated(name: str, clip: np.ndarray) -> None:
    codec = CODECS[name]
    sound = np.repeat(clip[None, :RATE], codec.channels, axis=0)
    found = evaluate(codec.model, [sound], codec.spec.writes, torch.device("cpu"), None, 0)
    assert np.isfinite(found["mel"]) and "stoi" in found
