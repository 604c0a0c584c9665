"""Hold the centres that turn features into units, with all that says which features they are of.

The space of units is `encoder@version/L9/k500:digest`. The digest is over the centres and what is
done before them, and over the space of the encoder: other weights, another layer, other units.
Files are safetensors that say this of themselves.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from jaxtyping import Float, Int
from safetensors.torch import save
from torch import Tensor

from vocable.atomic import replacing
from vocable.errors import ModelError
from vocable.quantize.exact import nearest_exactly
from vocable.tokens import Level, TokenSpec
from vocable.units.resolutions import check_strides, pooled
from vocable.weights import digest, read

FORMAT = "vocable-centres-1"
_MEAN, _DEVIATION, _BLOCK = "mean", "deviation", "centres."


@dataclass(frozen=True)
class Origin:
    """Which features centres are of.

    encoder        the space of the encoder, `name@version:digest`
    layer          the output of block `layer`; 0 is the input to block 1
    normalize      whether the encoder brings recordings to mean 0 and variance 1 first
    rate           Hz that the encoder reads
    frame, window  samples from one frame to the next, and those that a frame is made of
    """

    encoder: str
    layer: int
    normalize: bool
    rate: int
    frame: int
    window: int


@dataclass(frozen=True, eq=False)
class Centres:
    """k-means centres of a layer: of all channels, of blocks of them, or of several frame rates.

    blocks          `[size, width]` of each block of channels, in the order of the channels (product
                    k-means); with strides of all channels, each block at one of them
    mean, deviation
                    by which each channel is standardised first; None: as the encoder gives it
    strides         frames whose mean a token of each block stands for, descending to 1; empty:
                    every block has a token in every frame
    """

    origin: Origin
    blocks: tuple[Float[Tensor, "_ _"], ...]
    mean: Float[Tensor, " channels"] | None = None
    deviation: Float[Tensor, " channels"] | None = None
    strides: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.strides:
            check_strides(self.strides)
            _check_blocks(self.blocks, self.strides)
        fits = self.mean is None or self.mean.shape == (self.channels,)
        if (self.mean is None) != (self.deviation is None) or not fits:
            raise ModelError(
                f"mean and deviation must both be of {self.channels} channels, or None"
            )

    @property
    def channels(self) -> int:
        """Channels of the features."""
        if self.strides:
            return self.blocks[0].shape[1]
        return sum(block.shape[1] for block in self.blocks)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Centres of each block."""
        return tuple(len(block) for block in self.blocks)

    @property
    def step(self) -> int:
        """Frames from one point where tokens of all levels begin to the next."""
        return math.lcm(*self.strides)

    @property
    def space(self) -> str:
        """The identity of units: `encoder@version/L9/k500:digest`, `…/k500x500/s2-1:…`."""
        name, _, _ = self.origin.encoder.partition(":")
        sizes = "x".join(map(str, self.sizes))
        rates = f"/s{'-'.join(map(str, self.strides))}" if self.strides else ""
        about = json.dumps(self._facts(), sort_keys=True)
        return f"{name}/L{self.origin.layer}/k{sizes}{rates}:{digest(self._tensors(), about)}"

    @property
    def spec(self) -> TokenSpec:
        """What units are: one level a block, frames cut without padding."""
        strides = self.strides or (1,) * len(self.blocks)
        pairs = zip(self.sizes, strides, strict=True)
        levels = tuple(Level(size, stride, role="semantic") for size, stride in pairs)
        origin = self.origin
        return TokenSpec(
            self.space, origin.rate, origin.frame, 1, levels, (len(levels),), window=origin.window
        )

    def units(self, features: Any) -> tuple[Int[np.ndarray, " _"], ...]:
        """Return the nearest centre of each frame `[frames, channels]`, for each block.

        With strides, of the mean of each `stride` frames, the last of those that are left: parts of
        a recording are of whole steps, up to the last one. The lower id where two are equally near,
        alike on all machines. ModelError for features of another number of channels, and for NaN.
        """
        rows = torch.as_tensor(features, dtype=torch.float32)
        if rows.dim() != 2 or rows.shape[1] != self.channels:
            raise ModelError(
                f"features are {list(rows.shape)} but these centres are of {self.channels} "
                f"channels, of layer {self.origin.layer} of {self.origin.encoder}"
            )
        if not rows.isfinite().all():
            raise ModelError("features are NaN or infinite; see what made them so")
        pairs = zip(self._parts(rows), self.blocks, strict=True)
        return tuple(nearest_exactly(part, block).numpy().astype(np.int32) for part, block in pairs)

    def _parts(self, rows: Tensor) -> Sequence[Tensor]:
        """Return what is compared with each block."""
        if self.strides:
            return [self.standardised(pooled(rows, stride)) for stride in self.strides]
        widths = [block.shape[1] for block in self.blocks]
        return torch.split(self.standardised(rows), widths, dim=1)

    def standardised(
        self, rows: Float[Tensor, "frames channels"]
    ) -> Float[Tensor, "frames channels"]:
        """Return frames of the layer as they are compared with the centres."""
        if self.mean is None or self.deviation is None:
            return rows
        found: Tensor = (rows - self.mean) / self.deviation
        return found

    def check_origin(self, encoder: str, layer: int) -> None:
        """Refuse to be used on features of another encoder or layer."""
        if (encoder, layer) != (self.origin.encoder, self.origin.layer):
            raise ModelError(
                f"centres are of layer {self.origin.layer} of {self.origin.encoder}, not of layer "
                f"{layer} of {encoder}; take those features, or fit centres to these"
            )

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a safetensors file that `read_centres` reads, whole or not at all."""
        facts = {"format": FORMAT, "space": self.space, "origin": json.dumps(self._facts())}
        with replacing(path, overwrite=overwrite) as fresh:
            fresh.write_bytes(save(self._tensors(), facts))

    def _facts(self) -> dict[str, Any]:
        rates = {"strides": list(self.strides)} if self.strides else {}
        return dict(vars(self.origin)) | rates

    def _tensors(self) -> dict[str, Tensor]:
        found = {f"{_BLOCK}{k}": block.contiguous() for k, block in enumerate(self.blocks)}
        if self.mean is not None and self.deviation is not None:
            found |= {_MEAN: self.mean.contiguous(), _DEVIATION: self.deviation.contiguous()}
        return found


def _check_blocks(blocks: Sequence[Tensor], strides: Sequence[int]) -> None:
    widths = [block.shape[1] for block in blocks]
    if len(blocks) != len(strides) or len(set(widths)) > 1:
        raise ModelError(
            f"centres of {len(strides)} strides must be as many blocks of the same channels, got "
            f"{len(blocks)} of {widths}"
        )


def centres_of(origin: Origin, arrays: Sequence[Any]) -> Centres:
    """Return centres of arrays `[size, width]`, one a block, such as `read_kmeans` gives."""
    return Centres(origin, tuple(torch.as_tensor(each, dtype=torch.float32) for each in arrays))


def read_centres(path: str | os.PathLike[str]) -> Centres:
    """Return the centres in a file that `Centres.save` wrote.

    ModelError for another file, one of a newer format, and where what it holds is not what it says.
    """
    path = Path(path)
    tensors = read(path)
    with safetensors.safe_open(str(path), framework="numpy") as file:
        stated = file.metadata() or {}
    if stated.get("format") != FORMAT:
        found = stated.get("format", "no format")
        raise ModelError(
            f"{path} states {found} but centres are {FORMAT}; fit them, or convert them"
        )
    try:
        facts = json.loads(stated["origin"])
        strides = tuple(facts.pop("strides", ()))
        origin = Origin(**facts)
        blocks = tuple(
            tensors[f"{_BLOCK}{k}"] for k in range(len(tensors) - 2 * (_MEAN in tensors))
        )
        made = Centres(origin, blocks, tensors.get(_MEAN), tensors.get(_DEVIATION), strides)
        space = made.space
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} does not say what its centres are of ({error})") from error
    if space != stated.get("space"):
        raise ModelError(
            f"{path} says that it holds {stated.get('space')} but holds {space}; fetch it again"
        )
    return made
