"""Check the law of quantizers: levels are nested."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from vocable.errors import ModelError, VocableError
from vocable.quantize import LevelCodes, Quantizer, as_levels
from vocable.testing.compare import check_rows_equal, name_of


def check_nested(quantizer: Quantizer, z: Tensor) -> None:
    """Check law 4 on latents `[batch, frames, dim]`, in evaluation mode.

    For each n in `prefixes`, the first n levels equal what encoding with n gives and decode by
    themselves; other numbers are refused with the list. Decoding all codes gives what `forward`
    gives. Frames are a multiple of all strides of the levels.
    """
    what, levels = name_of(quantizer), len(quantizer.levels)
    if quantizer.training:
        raise ModelError(f"{what} is in training mode, where it learns; call eval() first")
    with torch.no_grad():
        codes = quantizer.encode(z)
        for n in quantizer.prefixes:
            fewer = _first(codes, n)
            found = as_levels(quantizer.encode(z, n))
            if len(found) != n:
                raise AssertionError(f"{what}: encoding {n} of {levels} levels gives {len(found)}")
            for level, (got, wanted) in enumerate(zip(found, as_levels(fewer), strict=True)):
                check_rows_equal(
                    f"{what}, codes of {n} of {levels} levels, level {level}", got, wanted, atol=0.0
                )
            y = quantizer.decode(fewer)
            if y.shape[:2] != z.shape[:2] or not y.isfinite().all():
                raise AssertionError(f"{what}: {n} of {levels} levels decode to {list(y.shape)}")
        decoded = quantizer.decode(codes)
        check_rows_equal(f"{what}, decoded codes against forward", decoded, quantizer(z).z)
        for n in {*range(levels + 2)} - set(quantizer.prefixes):
            _check_refused(quantizer, n, "encodes", partial(quantizer.encode, z, n))
            _check_refused(quantizer, n, "decodes", partial(quantizer.decode, _zeros(codes, n)))


def _first(codes: LevelCodes, levels: int) -> LevelCodes:
    return codes[:, :levels] if isinstance(codes, Tensor) else tuple(codes)[:levels]


def _zeros(codes: LevelCodes, levels: int) -> LevelCodes:
    """Return codes of any number of levels, as the quantizer has them, all 0."""
    if isinstance(codes, Tensor):
        return codes.new_zeros(len(codes), levels, codes.shape[2])
    return tuple(torch.zeros_like(codes[min(k, len(codes) - 1)]) for k in range(levels))


def _check_refused(
    quantizer: Quantizer, levels: int, does: str, call: Callable[[], object]
) -> None:
    """Check that the refusal names the numbers that are allowed."""
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
