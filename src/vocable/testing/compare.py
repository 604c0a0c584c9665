"""Compare what a law says is equal, and say where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vocable.nn import Stack

LAW = 1e-5  # the laws' tolerance on samples and rows, relative to max(1, peak)
WHOLE_CODEC = 1e-4  # through a whole codec


def name_of(thing: object) -> str:
    """Name a block, quantizer or codec in one line: a stack by its members."""
    parts = thing.blocks if isinstance(thing, Stack) else ()
    if parts:
        kinds = [type(part).__name__ for part in parts]
        return f"{type(thing).__name__}({', '.join(kinds[:3])}{', …' if len(kinds) > 3 else ''})"
    return type(thing).__name__


def check_rows_equal(
    what: str, got: Tensor, wanted: Tensor, *, atol: float = LAW, axis: int = 1
) -> None:
    """Raise AssertionError where two tensors differ, naming the first row along `axis`.

    Allowed is `atol` times max(1, the largest value of `wanted`).
    """
    if got.shape != wanted.shape:
        raise AssertionError(f"{what}: shape {list(got.shape)}, wanted {list(wanted.shape)}")
    if not wanted.numel():
        return
    allowed = atol * max(1.0, float(_finite_peak(wanted)))
    apart = (_double(got.detach()) - _double(wanted.detach())).abs()
    # what is not a number on one side only is as wrong as can be
    apart = torch.where(got.isnan() & wanted.isnan(), 0.0, apart.nan_to_num(torch.inf))
    worst = apart.movedim(axis, 0).flatten(1).amax(1) if apart.dim() > 1 else apart
    if float(worst.max()) > allowed:
        first = int((worst > allowed).nonzero()[0])
        raise AssertionError(
            f"{what}: differs first in row {first} of {len(worst)}, "
            f"by up to {float(worst.max()):.2e}, allowed {allowed:.1e}"
        )


def cut(x: Tensor, sizes: Sequence[int], axis: int = 1) -> list[Tensor]:
    """Cut `x` along `axis` into pieces of these sizes; the last piece takes what is left."""
    length, pieces, begin = x.shape[axis], [], 0
    for size in sizes:
        size = min(size, length - begin)
        pieces.append(x.narrow(axis, begin, size))
        begin += size
    rest = x.narrow(axis, begin, length - begin)
    return pieces if pieces and begin == length else [*pieces, rest]


def _double(x: Tensor) -> Tensor:
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


def _finite_peak(x: Tensor) -> Tensor:
    size = _double(x.detach()).abs()  # of truth values in a state too
    return torch.where(size.isfinite(), size, 0.0).max()
