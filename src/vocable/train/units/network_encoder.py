"""The network in training as an encoder of features, whose layers are clustered like all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from vocable.errors import ModelError
from vocable.train.units.network import UnitsNetwork
from vocable.units.inputs import Features
from vocable.units.log_mel_frames import HOP, RATE, WINDOW


class NetworkEncoder:
    """Give the frames of a layer of a network as it is now; it has the layers 1 to `layers`."""

    rate, frame, window = RATE, HOP, WINDOW
    space = "network@training"

    def __init__(self, network: UnitsNetwork) -> None:
        self.network, self.layers = network, network.layers

    def channels(self, layer: int) -> int:
        """Return the channels of a layer's frames; ModelError for a layer that it has not."""
        if not 1 <= layer <= self.layers:
            raise ModelError(f"layer is {layer} but the network has layers 1 to {self.layers}")
        return int(self.network.units.config.channels)

    def features(
        self, sources: Any, rate: int | None = None, *, layer: int, mix: bool = False
    ) -> list[Features]:
        """Return `[frames, channels]` of each `Audio` of one channel at 16 kHz."""
        return [rows for _, rows in self.feature_parts(sources, layer=layer)]

    def feature_parts(
        self, sources: Any, rate: int | None = None, *, layer: int, mix: bool = False
    ) -> Iterator[tuple[int, Features]]:
        """Yield the same, each whole, with its number: recordings to train on are short."""
        for number, each in enumerate(sources):
            samples = torch.from_numpy(np.array(each.samples)).to(self.network.device)
            yield number, self.network.features(samples, layer)[0].cpu().numpy()
