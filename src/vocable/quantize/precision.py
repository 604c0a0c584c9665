"""Hold a computation in true fp32, whatever the caller allows elsewhere.

bf16 or TF32 products move scores by more than neighbouring entries lie apart: a bf16 search of an
8-level stack changes the codes of most frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def full_precision(device_type: str) -> Iterator[None]:
    """Run the body without autocast, and with matrix products in fp32.

    Where the caller has allowed TF32 or bf16 products, that holds again afterwards. The setting
    belongs to the process, so let no other thread change it meanwhile.
    """
    restore = _raise_precision()
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        restore()


def _raise_precision() -> Callable[[], None]:
    """Forbid products below fp32; return what undoes that."""
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # torch before 2.9
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        return lambda: torch.set_float32_matmul_precision(before)
    cpu: Any = torch.backends.mkldnn  # its attributes appear at run time
    backends = (torch.backends.cuda.matmul, cpu.matmul)
    lowered = [(b, b.fp32_precision) for b in backends if b.fp32_precision not in ("ieee", "none")]
    for backend, _ in lowered:
        backend.fp32_precision = "ieee"

    def restore() -> None:
        for backend, value in lowered:
            backend.fp32_precision = value

    return restore
