"""Normalisations: of each row, over all rows so far, over all of time, by what batches are like."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, State


class LayerNorm(Block):
    """Normalise each row over its channels; `affine=False` leaves out scale and shift."""

    def __init__(self, channels: int, *, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise each row."""
        return F.layer_norm(x, (self.channels,), self.weight, self.bias, self.eps)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Normalise each row; there is no state."""
        return self.forward(x), state


class RMSNorm(Block):
    """Divide each row by the root of its mean square, in fp32 at least.

    "Root Mean Square Layer Normalization" (Zhang and Sennrich 2019, arXiv:1910.07467).
    """

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise each row."""
        if x.dtype == self.weight.dtype == torch.float32:
            return F.rms_norm(x, (self.channels,), self.weight, self.eps)
        kind = torch.promote_types(x.dtype, torch.float32)
        weight = self.weight.to(kind)
        return F.rms_norm(x.to(kind), (self.channels,), weight, self.eps).to(x.dtype)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Normalise each row; there is no state."""
        return self.forward(x), state


class CumulativeNorm(Block):
    """Normalise each row by the statistics of all values so far, its own among them.

    cLN of "Conv-TasNet" (Luo and Mesgarani 2019, arXiv:1809.07454): what `GroupNorm(1, channels)`
    is over all of time, for streams. Sums are kept in double precision, so that hours do not
    change what a row weighs.
    """

    receptive = None

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def initial_state(self, batch: int) -> State:
        """Return sum, sum of squares and number of the values so far, `[batch, 3]`."""
        return self.zeros(batch, 3).double()

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Normalise each row; add up what has come."""
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        own = (wide.sum(2), wide.square().sum(2), torch.full_like(wide[..., 0], self.channels))
        sums = state[:, None] + torch.stack(own, 2).double().cumsum(1)
        total, squares, count = sums.unbind(2)
        mean = total / count
        scale = (squares / count - mean.square()).clamp(min=0).add(self.eps).rsqrt()
        shift = (-mean * scale).to(wide.dtype)[..., None]
        y = torch.addcmul(shift, wide, scale.to(wide.dtype)[..., None])
        after = sums[:, -1] if x.shape[1] else state
        return torch.addcmul(self.bias, y, self.weight).to(x.dtype), after.clone()


class BatchNorm(Block):
    """Normalise each channel: in training by the batch, afterwards by what batches were like.

    "Batch Normalization" (Ioffe and Szegedy 2015, arXiv:1502.03167). A batch to learn from has two
    rows or more.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise each row; in training, learn what rows are like."""
        rows, norms = x.flatten(0, 1), (self.mean, self.var, self.weight, self.bias)
        if self.training and len(rows) == 1:
            raise ModelError("BatchNorm learns from a batch, and has 1 row; give it 2 or more")
        return F.batch_norm(rows, *norms, training=self.training).view(x.shape)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Normalise each row; there is no state."""
        return self.forward(x), state


class GroupNorm(Block):
    """Normalise groups of channels by their statistics over the whole recording.

    It needs the recording to its end, so it runs whole only: `lookahead` is None.
    """

    lookahead = None
    receptive = None

    def __init__(self, groups: int, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.eps = groups, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise over time."""
        if self.groups == 1:
            return self._all_as_one(x)
        rows = x.transpose(1, 2)
        # torch.nn.functional refuses a group of one value, as a narrow layer has of one sample
        y = torch.group_norm(rows, self.groups, self.weight, self.bias, self.eps)
        return y.transpose(1, 2)

    def _all_as_one(self, x: Tensor) -> Tensor:
        """Normalise the values as they lie: not turning them makes EnCodec 1.2 times faster."""
        y = F.layer_norm(x.flatten(1), (x.shape[1] * x.shape[2],), eps=self.eps)
        return torch.addcmul(self.bias, y.view_as(x), self.weight)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refuse: the statistics of what is still to come are not known."""
        raise ModelError(
            "GroupNorm takes its statistics over the whole recording, so it has no steps; "
            "run the block whole, or cut the recording into segments"
        )
