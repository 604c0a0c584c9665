"""Check the law of quantizers: levels are nested."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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
        for n in {*range(levels + 2)} - set(quantizer.prefixes):
            none = codes.new_zeros(len(z), n, z.shape[1])
            _check_refused(quantizer, n, "encodes", partial(quantizer.encode, z, n))
            _check_refused(quantizer, n, "decodes", partial(quantizer.decode, none))


def _check_refused(
    quantizer: Quantizer, levels: int, does: str, call: Callable[[], object]
) -> None:
    """The refusal names the numbers that are allowed."""
    what, allowed = name_of(quantizer), quantizer.prefixes
    try:
        call()
    except VocableError as refusal:
        if not all(str(n) in str(refusal) for n in allowed):
            raise AssertionError(
                f"{what}: refuses {levels} levels without naming {allowed}: {refusal}"
            ) from refusal
        return
    raise AssertionError(f"{what}: {does} {levels} levels, though prefixes are {allowed}")
