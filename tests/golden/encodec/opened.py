"""Open the golden toys of EnCodec as a checkpoint of the `encodec` package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor

from vocable import weights
from vocable.codecs import Codec
from vocable.codecs.keys import encodec as keys
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.load.converting import convert

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Held(Checkpoint):
    """A checkpoint whose tensors are at hand."""

    held: Mapping[str, Tensor] = None  # type: ignore[assignment]

    def tensors(self) -> dict[str, Tensor]:
        """Return them."""
        return dict(self.held)


def stored(kind: str) -> dict[str, Tensor]:
    """Return all tensors of a golden file."""
    return weights.read(HERE / f"{kind}.safetensors")


def checkpoint(kind: str, **config: Any) -> Held:
    """Return a toy's weights as a checkpoint, with some values of its config changed."""
    tensors = {k.removeprefix("state."): v for k, v in stored(kind).items() if "state." in k}
    with safe_open(HERE / f"{kind}.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["config"])
    return held(tensors, **facts | config)


def held(tensors: Mapping[str, Tensor], **config: Any) -> Held:
    """Return tensors as a checkpoint."""
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    return Held(Path("toy.th"), shapes, config, held=tensors)


def load(found: Checkpoint) -> Codec:
    """Load a checkpoint by EnCodec's key map."""
    recognised = keys.recognise(found)
    assert recognised is not None
    return Codec(convert(keys, found, recognised).eval())  # type: ignore[arg-type]


def opened(kind: str) -> Codec:
    """Return a toy as a codec."""
    return load(checkpoint(kind))
