"""The figure of benchmarks.separation: spectra of one mixture, its parts and its sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from vocable.signal.spectra import magnitude

WINDOW, HOP, HIGHEST = 512, 128, 4000  # samples, samples, Hz
RANGE_DB = 60.0


def draw(systems: Mapping[str, np.ndarray], rate: int, gained: float, path: Path) -> None:
    """Write a column for each of two speakers and a row for each system, as a PNG.

    systems: by name, samples `[2, samples]`. gained: dB, of the parts.
    """
    shown = {name: _decibels(samples, rate) for name, samples in systems.items()}
    seconds = next(iter(systems.values())).shape[1] / rate
    figure = Figure(figsize=(10, 2.2 * len(shown)), dpi=110, layout="constrained")
    axes = figure.subplots(len(shown), 2, sharex=True, sharey=True, squeeze=False)
    loudest = max(float(each.max()) for each in shown.values())
    for row, (name, both) in zip(axes, shown.items(), strict=True):
        for panel, spectra, speaker in zip(row, both, ("speaker 1", "speaker 2"), strict=True):
            panel.imshow(
                spectra, origin="lower", aspect="auto", cmap="magma", vmax=loudest,
                vmin=loudest - RANGE_DB, extent=(0, seconds, 0, HIGHEST / 1000),
            )  # fmt: skip
            panel.set_title(f"{name}, {speaker}", loc="left", fontsize=10)
        row[0].set_ylabel("kHz")
    for panel in axes[-1]:
        panel.set_xlabel("s")
    figure.suptitle(f"{gained:+.1f} dB of SI-SDR, the mean of both parts", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _decibels(samples: np.ndarray, rate: int) -> np.ndarray:
    bins = magnitude(torch.tensor(samples, dtype=torch.float32), WINDOW, HOP)
    kept: np.ndarray = bins[:, : HIGHEST * WINDOW // rate].numpy()
    return 20 * np.log10(kept)
