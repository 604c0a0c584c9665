"""Discriminators: how far each layer of them goes along samples, periods, frames and bins."""

from __future__ import annotations

import torch

from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.recipe import Adversarial


def shapes(table: Adversarial, samples: int) -> list[tuple[int, ...]]:
    (maps,) = Discriminators(table)(torch.zeros(1, 1, samples))
    return [tuple(each.shape[1:]) for each in maps]


def weights(table: Adversarial) -> int:
    return sum(weight.numel() for weight in Discriminators(table).parameters())


def test_a_scale_takes_strides_of_four() -> None:
    found = shapes(Adversarial(scales=1, channels=4), 480)
    assert found == [(4, 480), (16, 120), (64, 30), (256, 8), (256, 2), (256, 2), (1, 2)]


def test_a_period_folds_samples_and_takes_strides_of_three() -> None:
    found = shapes(Adversarial(periods=(3,), channels=4), 479)
    assert found == [(4, 54, 3), (16, 18, 3), (64, 6, 3), (128, 2, 3), (128, 2, 3), (1, 2, 3)]


def test_a_spectrum_keeps_its_frames_and_halves_its_bins() -> None:
    found = shapes(Adversarial(windows=(64,), channels=4), 480)
    bins = [33, 17, 9, 5, 5, 5]
    assert found == [(1 if n == 5 else 4, 31, width) for n, width in enumerate(bins)]


def test_bands_of_a_spectrum_are_halved_one_by_one_and_scored_together() -> None:
    """33 bins: 0 to 3, to 8, to 16, to 24, to 33."""
    found = shapes(Adversarial(band_windows=(64,), channels=4), 480)
    bins = [[3, 2, 1, 1, 1], [5, 3, 2, 1, 1], [8, 4, 2, 1, 1], [8, 4, 2, 1, 1], [9, 5, 3, 2, 2]]
    assert found == [*((4, 31, width) for band in bins for width in band), (1, 31, 6)]


def test_a_band_hears_nothing_of_the_others() -> None:
    (member,) = Discriminators(Adversarial(band_windows=(64,), channels=4)).members
    time = torch.arange(480)
    high = torch.sin(torch.pi * 0.9 * time)[None, None]  # of half the rate
    with torch.no_grad():
        pairs = zip(member(torch.zeros(1, 1, 480)), member(high), strict=True)
        apart = [float((a - b)[:, :, 4:-4].abs().max()) for a, b in pairs]
    first = apart[0:25:5]  # of each band
    assert max(first[:3]) < 1e-4 < 0.5 < first[4] and apart[25] > 0


def test_residual_units_halve_bins_and_every_second_time_frames() -> None:
    found = shapes(Adversarial(residual_windows=(128,), channels=4), 480)
    assert found == [
        (4, 16, 65), (8, 16, 33), (16, 8, 17), (16, 8, 9), (32, 4, 5), (32, 4, 3), (64, 2, 2),
        (1, 2, 1),
    ]  # fmt: skip


def test_with_32_channels_they_are_as_large_as_the_published_ones() -> None:
    """Counted in descript-audio-codec 1.0.0 and encodec 0.1.1.

    The first convolution of the latter has no weight norm, by mistake: 32 weights fewer.
    """
    dac = Adversarial(periods=(2, 3, 5, 7, 11), band_windows=(2048, 1024, 512), channels=32)
    assert weights(dac) == 42_519_760
    assert weights(Adversarial(windows=(1024,), channels=32)) == 94_466 + 32
    maps = Discriminators(dac)(torch.zeros(1, 1, 4096))
    assert sum(len(each) - 1 for each in maps) == 100  # by which dac.toml weighs their distance
