"""A codec small enough to train within a second, for the tests of training."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class Output:
    audio: Tensor
    codes: Tensor
    losses: dict[str, Tensor]
    health: Any


class ToyCodec(nn.Module):
    """Frames of 32 samples through one layer, with dropout so that random numbers matter."""

    def __init__(self, frame: int = 32, width: int = 16) -> None:
        super().__init__()
        self.spec = SimpleNamespace(rate=8000, frame=frame)
        self.encoder = nn.Sequential(nn.Linear(frame, width), nn.Dropout(0.1), nn.Tanh())
        self.quantizer = nn.BatchNorm1d(width, affine=False)
        self.decoder = nn.Linear(width, frame)

    def forward(self, x: Tensor) -> Output:
        z = self.encoder(x.reshape(len(x), -1, self.spec.frame))
        q = self.quantizer(z.transpose(1, 2)).transpose(1, 2).round()
        losses = {"commitment": (z - q.detach()).square().mean()}
        audio = self.decoder(z + (q - z).detach()).reshape(x.shape)
        return Output(audio, q.long(), losses, None)

    def to_codes(self, x: Tensor) -> Tensor:
        rest = -x.shape[-1] % self.spec.frame
        x = torch.nn.functional.pad(x, (0, rest))
        z = self.encoder(x.reshape(len(x), -1, self.spec.frame))
        return self.quantizer(z.transpose(1, 2)).round()

    def from_codes(self, codes: Tensor) -> Tensor:
        return self.decoder(codes.transpose(1, 2)).reshape(len(codes), 1, -1)
