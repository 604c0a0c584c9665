"""Discriminators: how far each layer of them goes along samples, periods, frames and bins."""

from __future__ import annotations

import torch

from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.recipe import Adversarial


def shapes(table: Adversarial, samples: int) -> list[tuple[int, ...]]:
    (maps,) = Discriminators(table)(torch.zeros(1, 1, samples))
    return [tuple(each.shape[1:]) for each in maps]


def test_a_scale_takes_strides_of_four() -> None:
    found = shapes(Adversarial(scales=1, channels=4), 480)
    assert found == [(4, 480), (16, 120), (64, 30), (64, 30), (1, 30)]


def test_a_period_folds_samples_and_takes_strides_of_three() -> None:
    found = shapes(Adversarial(periods=(3,), channels=4), 479)
    assert found == [(4, 54, 3), (16, 18, 3), (64, 6, 3), (64, 6, 3), (1, 6, 3)]


def test_a_spectrum_keeps_its_frames_and_halves_its_bins() -> None:
    found = shapes(Adversarial(windows=(64,), channels=4), 480)
    bins = [33, 17, 9, 5, 5, 5]
    assert found == [(1 if n == 5 else 4, 31, width) for n, width in enumerate(bins)]
