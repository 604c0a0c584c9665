"""Check the law of quantizers: levels are nested."""

from __future__ import annotations

import torch
from torch import Tensor

from vocable.errors import VocableError
from vocable.quantize import Quantizer
from vocable.testing.compare import check_rows_equal, name_of


def check_nested(quantizer: Quantizer, z: Tensor) -> None:
    """Check law 4 on latents `[batch, frames, dim]`, in evaluation mode.

    For each n in `prefixes`, the first n levels equal what encoding with n gives and decode by
    themselves; other numbers are refused with the list. Decoding all codes gives what `forward`
    gives.
    """
    what, levels = name_of(quantizer), len(quantizer.levels)
    with torch.no_grad():
        codes = quantizer.encode(z)
        for n in quantizer.prefixes:
            fewer = quantizer.encode(z, n)
            check_rows_equal(f"{what}, codes of {n} of {levels} levels", fewer, codes[:, :n],
                             atol=0.0)  # fmt: skip
            y = quantizer.decode(codes[:, :n])
            if y.shape[:2] != z.shape[:2] or not y.isfinite().all():
                raise AssertionError(f"{what}: {n} of {levels} levels decode to {list(y.shape)}")
        decoded = quantizer.decode(codes)
        check_rows_equal(f"{what}, decoded codes against forward", decoded, quantizer(z).z)
        for n in {0, *range(1, levels + 2)} - set(quantizer.prefixes):
            _check_refused(quantizer, z, n)


def _check_refused(quantizer: Quantizer, z: Tensor, levels: int) -> None:
    """The refusal names the numbers that are allowed."""
    try:
        quantizer.encode(z, levels)
    except VocableError as refusal:
        if not all(str(n) in str(refusal) for n in quantizer.prefixes):
            raise AssertionError(
                f"{name_of(quantizer)}: refuses {levels} levels without naming "
                f"{quantizer.prefixes}: {refusal}"
            ) from refusal
        return
    raise AssertionError(
        f"{name_of(quantizer)}: encodes {levels} levels, though prefixes are {quantizer.prefixes}"
    )
