"""A codec small enough to train within a second, and the loop over it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs import CodecOutput
from vocable.codecs.codes import as_codes
from vocable.quantize import ResidualVQ
from vocable.train import checkpoint
from vocable.train.codec.task import CodecTask
from vocable.train.distributed import Distributed
from vocable.train.loop import Loop
from vocable.train.registry import recipe_from

RATE, FRAME, WIDTH = 8000, 32, 8


class ToyCodec(nn.Module):
    """Frames of 32 samples through one layer, with dropout so that random numbers matter."""

    side_encoder = None

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.spec = SimpleNamespace(rate=RATE, writes=RATE, frame=FRAME, channels=1, segment=None)
        self.encoder = nn.Sequential(nn.Linear(FRAME, WIDTH), nn.Dropout(0.1), nn.Tanh())
        self.quantizer = ResidualVQ(WIDTH, (16, 16), dropout=0.5)
        self.decoder = nn.Linear(WIDTH, FRAME)
        self.gain = gain
        self.prepared_seconds, self.calibrated_seconds = 0.0, 0.0

    def prepare(self, batches: Iterable[Tensor]) -> None:
        self.prepared_seconds += sum(batch.numel() for batch in batches) / RATE

    def calibrate(self, clips: Iterable[Tensor]) -> None:
        self.calibrated_seconds += sum(clip.numel() for clip in clips) / RATE

    def forward(self, x: Tensor) -> CodecOutput:
        found = self.quantizer(self.encoder(x.reshape(len(x), -1, FRAME)))
        audio = self.gain * self.decoder(found.z).reshape(x.shape)
        return CodecOutput(audio, as_codes(found.codes), found.losses, found.health)

    def to_codes(self, x: Tensor) -> Tensor:
        x = torch.nn.functional.pad(x, (0, -x.shape[-1] % FRAME))
        return self.quantizer.encode(self.encoder(x.reshape(len(x), -1, FRAME)))

    def from_codes(self, codes: Tensor) -> Tensor:
        return self.gain * self.decoder(self.quantizer.decode(codes)).reshape(len(codes), 1, -1)


def make_loop(
    table: dict[str, Any],
    manifest: Path,
    out: Path,
    *,
    codec: nn.Module | None = None,
    resume: bool = False,
    task_class: type[CodecTask] = CodecTask,
) -> Loop:
    """Return the loop of a recipe over a toy codec (default: one with the weights of seed 5)."""
    torch.manual_seed(5)
    recipe, distributed = recipe_from(table), Distributed("cpu")
    task = task_class(codec or ToyCodec(), recipe)
    task.setup(manifest, out, distributed)
    return Loop(task, recipe, out, distributed=distributed, resume=resume)


def train(table: dict[str, Any], manifest: Path, out: Path, **more: Any) -> dict[str, Any]:
    """Train to the end and return the last checkpoint."""
    make_loop(table, manifest, out, **more).run()
    return checkpoint.load(out)
