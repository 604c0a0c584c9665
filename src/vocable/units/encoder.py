"""What makes feature frames of samples: the base of all encoders here.

Layer L is the output of block L, 1 to N; 0 is the input to block 1. Frames follow from the number
of samples alone. What a recording is made of as a whole (`look`) and its parts (`front`) are apart,
so that a part of any length gets the rows that it has in the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError


class EncoderModel(nn.Module):
    """A network from samples at `rate` to frames. A subclass defines `look`, `front` and `body`.

    layers      blocks, N
    hop, window samples from one frame to the next, and those that a frame is made of
    normalize   whether the recording is brought to mean 0 and variance 1 first: a fact of the
                checkpoint, without which its units are others
    final_norm  whether the checkpoint has a norm behind its last block, which no layer has
    restarts    samples after which it starts anew, so that parts of that length are exact; None:
                it sees all of a recording
    loudest     magnitude of features that is usual; beyond it a warning is given
    """

    rate: ClassVar[int] = 16_000
    name: str = "encoder"
    layers: int
    hop: int
    window: int
    normalize: bool = False
    final_norm: bool = False
    restarts: int | None = None
    loudest: ClassVar[float] = 1e4

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def channels(self, layer: int) -> int:
        """Return the channels of a layer's frames."""
        raise NotImplementedError(f"{type(self).__name__} must define channels(layer)")

    def frames(self, samples: int) -> int:
        """Return how many frames so many samples give."""
        return max(0, (samples - self.window) // self.hop + 1)

    def look(self, blocks: Iterable[Float[Tensor, " _"]]) -> Any:
        """Return what must be known of a whole recording before a part of it can be taken."""

    def front(self, x: Float[Tensor, " time"], whole: Any) -> Float[Tensor, "1 frames channels"]:
        """Return the rows of a part of a recording, before anything sees beyond them."""
        raise NotImplementedError(f"{type(self).__name__} must define front(x, whole)")

    def body(
        self,
        rows: Float[Tensor, "1 rows channels"],
        lengths: Sequence[int],
        layer: int,
        final_norm: bool = False,
    ) -> Float[Tensor, "1 rows channels_out"]:
        """Return a layer of rows of several recordings, one behind the other."""
        raise NotImplementedError(f"{type(self).__name__} must define body(rows, lengths, layer)")

    # ---- what follows from these ----------------------------------------------------------------

    def forward(
        self, x: Float[Tensor, "batch time"], layer: int, final_norm: bool = False
    ) -> Float[Tensor, "batch frames channels"]:
        """Return the frames of recordings of one length; blocks beyond `layer` do not run."""
        if not len(x):
            return x.new_zeros(0, self.frames(x.shape[1]), self.channels(layer))
        return torch.stack(self.each(list(x), layer, final_norm))

    def each(
        self, items: Sequence[Float[Tensor, " _"]], layer: int, final_norm: bool = False
    ) -> list[Float[Tensor, "_ channels"]]:
        """Return the frames of recordings of any lengths, as each has them alone."""
        self.check_layer(layer, final_norm)
        found = [x.new_zeros(0, self.channels(layer)) for x in items]
        long = [i for i, x in enumerate(items) if self.frames(len(x))]
        if not long:
            return found
        fronts = [self.front(items[i], self.look([items[i]])) for i in long]
        lengths = [rows.shape[1] for rows in fronts]
        rows = self.body(torch.cat(fronts, 1), lengths, layer, final_norm)
        for i, part in zip(long, torch.split(rows[0], lengths), strict=True):
            found[i] = part
        return found

    def check_layer(self, layer: Any, final_norm: bool = False) -> None:
        """Refuse a layer that the encoder has not, and a final norm where there is none."""
        whole = isinstance(layer, Integral) and not isinstance(layer, bool)
        if not (whole and 0 <= layer <= self.layers):
            raise ModelError(
                f"layer is {layer!r} but {self.name} has layers 1 to {self.layers}, the outputs of "
                "its blocks, and 0, the input to block 1"
            )
        if final_norm and not (self.final_norm and layer == self.layers):
            what = f"belongs to layer {self.layers} only" if self.final_norm else "there is none"
            raise ModelError(f"final_norm: {what} in {self.name}; leave it out for layer {layer}")
