"""Hold a computation in true fp32, whatever the caller allows elsewhere.

bf16 or TF32 products move scores by more than neighbouring entries lie apart: a bf16 search of an
8-level stack changes the codes of most frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

_EXACT = ("ieee", "none")
_NOTHING = nullcontext()


def full_precision(device_type: str) -> AbstractContextManager[None]:
    """Run the body without autocast, and with matrix products in fp32.

    Where the caller has allowed TF32 or bf16 products, that holds again afterwards. The setting
    belongs to the process, so let no other thread change it meanwhile.
    """
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # torch before 2.9
        return _highest(device_type)
    cpu: Any = torch.backends.mkldnn  # its attributes appear at run time
    backends = (torch.backends.cuda.matmul, cpu.matmul)
    lowered = [(b, b.fp32_precision) for b in backends if b.fp32_precision not in _EXACT]
    if lowered or torch.is_autocast_enabled(device_type):
        return _raised(device_type, lowered)
    return _NOTHING  # a streaming step calls this ten times, and entering autocast costs


@contextmanager
def _raised(device_type: str, lowered: list[tuple[Any, str]]) -> Iterator[None]:
    for backend, _ in lowered:
        backend.fp32_precision = "ieee"
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        for backend, value in lowered:
            backend.fp32_precision = value


@contextmanager
def _highest(device_type: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
