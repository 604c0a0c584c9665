"""What all discriminators are: weight-normed convolutions whose every output is looked at."""

from __future__ import annotations

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class FeatureMaps(nn.Module):
    """Convolutions with leaky rectifiers between them; the last one gives scores."""

    slope: ClassVar[float] = 0.2  # of the rectifiers

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(weight_norm(layer) for layer in layers)

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return the output of each layer."""
        maps = []
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), self.slope)
            maps.append(x)
        return [*maps, self.layers[-1](x)]
