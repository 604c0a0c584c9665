"""Weights kept in fewer bytes than what they multiply: 16 or 8 bits each, read once a product.

Where few rows meet many weights, a product takes as long as its weights take to be read. FBGEMM's
kernels, which torch has for x86 processors, read them at 60 to 85 % of what the memory gives, where
those for bf16 reach 30 to 50 %.

    fp16    each weight rounded to 11 bits: what bf16 holds is kept as it is. Rows are fp32
    int8    each row of weights is a scale times whole numbers up to 127; rows that come are fp32,
            split in two digits of 8 bits, so that an outlier among them costs the others nothing

A row's result does not depend on the rows beside it, but for its rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError

DIGIT = 127.0  # whole numbers of a digit: from minus this to this
NEXT = 2 * DIGIT  # of the second digit, one of the first
TINY = 1e-30
MOST = {torch.float16: 65504.0, torch.int8: torch.finfo(torch.float32).max}
SMALL = 1 << 20  # weights up to which a call costs more than what a second thread would save


@runtime_checkable
class NarrowWeight(Protocol):
    """A weight `[channels_out, channels]` that is kept in few bytes; nothing trains it."""

    nbytes: int
    count: int

    def product(
        self, x: Float[Tensor, "*rows channels"], bias: Tensor | None
    ) -> Float[Tensor, "*rows channels_out"]:
        """Return `x @ weight.T + bias` in fp32."""
        ...


class HalfWeight:
    """Kept in fp16: within 2⁻¹¹ of each weight, or 2⁻²⁵ where it is smaller than 2⁻¹⁴."""

    def __init__(self, weight: Float[Tensor, "channels_out channels"]) -> None:
        self.count, self.nbytes = weight.numel(), 2 * weight.numel()
        rows = weight.detach().float().contiguous()
        self._packed, self._multiply = _packed_half(rows)

    def product(
        self, x: Float[Tensor, "*rows channels"], bias: Tensor | None
    ) -> Float[Tensor, "*rows channels_out"]:
        """Return `x @ weight.T + bias` in fp32."""
        y: Tensor = self._multiply(x.float(), self._packed)
        return y if bias is None else y + bias


class ByteWeight:
    """Kept in int8: within 1/254 of the largest weight of its row, 0.8 % of a random product."""

    def __init__(self, weight: Float[Tensor, "channels_out channels"]) -> None:
        rows = weight.detach().float()
        scales = rows.abs().amax(1).double().clamp(min=TINY) / DIGIT**2  # of weights and of rows
        zeros = torch.zeros(len(rows), dtype=torch.int64)
        with warnings.catch_warnings():  # the kernel takes no other form of int8
            warnings.filterwarnings("ignore", ".*quantize.*deprecated")
            whole = torch.quantize_per_channel(rows / DIGIT, scales, zeros, 0, torch.qint8)
        self.count, self.nbytes = weight.numel(), weight.numel() + 4 * len(rows)
        self._packed: Any = _ops().linear_prepack(whole, None)
        self._multiply = _ops().linear_with_input_q_dq_qweight_dq_output_fp32.default
        # as tensors: a number would be made one at each call
        self._digit, self._next = torch.tensor(DIGIT), torch.tensor(NEXT)

    def product(
        self, x: Float[Tensor, "*rows channels"], bias: Tensor | None
    ) -> Float[Tensor, "*rows channels_out"]:
        """Return `x @ weight.T + bias` in fp32."""
        rows = x.reshape(-1, x.shape[-1]).float()
        largest = torch.linalg.vector_norm(rows, torch.inf, -1, keepdim=True)
        exact = rows * (self._digit / largest.clamp_min(TINY))  # a row of nothing stays nothing
        first = exact.round()
        digits = torch.cat((first, exact.sub_(first).mul_(self._next)))
        high, low = self._multiply(digits, 1.0, 128, self._packed).chunk(2)
        found: Tensor = high.add_(low, alpha=1 / NEXT).mul_(largest).view(*x.shape[:-1], -1)
        return found if bias is None else found + bias


def narrow(weight: Float[Tensor, "channels_out channels"], kind: torch.dtype) -> NarrowWeight:
    """Return a weight in fp16 or int8.

    ModelError where this torch or processor has no kernels, and for weights that it cannot hold.
    """
    if kind not in MOST:
        raise ModelError(f"weights are kept in torch.float16 or torch.int8, not {kind}")
    if weight.device.type != "cpu":
        raise ModelError(f"weights in few bytes are for the CPU; these are on {weight.device}")
    if not works(kind):
        raise ModelError(
            f"this torch and processor have no kernels for weights in {kind}; load without weights="
        )
    if not float(weight.abs().max()) <= MOST[kind]:
        raise ModelError(
            f"weights go up to {float(weight.abs().max()):g} but {kind} holds {MOST[kind]:g} at "
            "most; look at the checkpoint, or load without weights="
        )
    return HalfWeight(weight) if kind == torch.float16 else ByteWeight(weight)


def _ops() -> Any:
    return torch.ops.quantized


def _packed_half(rows: Tensor) -> tuple[Any, Callable[[Tensor, Any], Tensor]]:
    """Return a weight in fp16, and what multiplies by it."""
    if rows.numel() <= SMALL and _has_small():
        return _small(rows)
    return _ops().linear_prepack_fp16(rows, None), _ops().linear_dynamic_fp16.default


def _small(rows: Tensor) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor]]:
    """Return a weight for the operation that takes 3 µs to call, not 19, and runs on one thread."""

    def multiply(x: Tensor, packed: Tensor) -> Tensor:
        y: Tensor = torch.fbgemm_linear_fp16_weight_fp32_activation(x, packed, None)
        return y

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*fbgemm.*deprecated")
        packed = torch.fbgemm_pack_gemm_matrix_fp16(rows)
        multiply(torch.zeros(1, rows.shape[1]), packed)  # it warns once
    return packed, multiply


@cache
def _has_small() -> bool:
    """Say whether torch still has that operation."""
    try:
        packed, multiply = _small(torch.ones(8, 64))
        return bool((multiply(torch.ones(1, 64), packed) == 64).all())
    except (AttributeError, RuntimeError, TypeError):
        return False


@cache
def works(kind: torch.dtype) -> bool:
    """Say whether the kernels are there, and exact: old processors saturate sums of two."""
    made = HalfWeight if kind == torch.float16 else ByteWeight
    try:
        with torch.inference_mode():
            found = made(torch.ones(8, 64)).product(torch.ones(2, 64), None)
            return bool(torch.allclose(found, torch.full((2, 8), 64.0)))
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
