"""Hold a computation in true fp32, whatever the caller allows elsewhere.

bf16 or TF32 products move scores by more than neighbouring entries lie apart: a bf16 search of an
8-level stack changes the codes of most frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

import torch

_EXACT = ("ieee", "none")
_OLD = not hasattr(torch.backends.cuda.matmul, "fp32_precision")  # torch before 2.9
NOTHING = nullcontext()  # returned where all is in fp32 as it is


def full_precision(device_type: str) -> AbstractContextManager[None]:
    """Run the body without autocast, and with matrix products (on CPUs convolutions too) in fp32.

    Where the caller has allowed TF32 or bf16 products, that holds again afterwards. The setting
    belongs to the process: it is restored when the last thread that runs such a body leaves it.
    """
    if _OLD:
        return _highest(device_type)
    if _raising.bodies or torch.is_autocast_enabled(device_type):
        return _raised(device_type)
    for backend in _backends(device_type):
        if backend.fp32_precision not in _EXACT:
            return _raised(device_type)
    return NOTHING  # a streaming step calls this ten times, and entering autocast costs


def _backends(device_type: str) -> tuple[Any, ...]:
    if device_type == "cuda":
        return (torch.backends.cuda.matmul,)
    cpu: Any = torch.backends.mkldnn  # its attributes appear at run time
    return cpu.matmul, cpu.conv


class _Raising:
    """Backends that are held at fp32, and how many bodies run meanwhile, in all threads."""

    def __init__(self) -> None:
        self.bodies = 0
        self._lock = Lock()
        self._before: list[tuple[Any, str]] = []

    def begin(self, backends: tuple[Any, ...]) -> None:
        with self._lock:
            self.bodies += 1
            for backend in backends:
                if backend.fp32_precision not in _EXACT:
                    self._before.append((backend, _own_value(backend)))
                    backend.fp32_precision = "ieee"

    def end(self) -> None:
        with self._lock:
            self.bodies -= 1
            while self._before and not self.bodies:
                backend, value = self._before.pop()
                backend.fp32_precision = value


def _own_value(backend: Any) -> str:
    """Return what to restore: "none" where the value is that of all backends, and follows it."""
    value: str = backend.fp32_precision
    backend.fp32_precision = "none"
    return "none" if backend.fp32_precision == value else value


_raising = _Raising()


@contextmanager
def _raised(device_type: str) -> Iterator[None]:
    _raising.begin(_backends(device_type))
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        _raising.end()


@contextmanager
def _highest(device_type: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
