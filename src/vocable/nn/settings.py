"""Work under torch's own defaults, whatever the program around has set.

A program that loads a large model changes for that time how torch makes tensors: another default
dtype, the meta device, no gradients. What is made meanwhile must not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


@contextmanager
def plain_settings() -> Iterator[None]:
    """Run the body with fp32 as default, on the CPU, with gradients, without autocast.

    The default dtype belongs to the process: it is changed only where it is another one. A device
    that is named costs every call of torch some time: it is named only where it is another one.

    Autocast keeps the weights that it has cast until the outermost autocast ends, even one that is
    not enabled. An autocast within the body would compute with the weights of its first use, so
    that cache is off.
    """
    before, device = torch.get_default_dtype(), torch.get_default_device()
    with (
        nullcontext() if device.type == "cpu" else torch.device("cpu"),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False, cache_enabled=False),
        torch.autocast("cuda", enabled=False, cache_enabled=False),
    ):
        if before == torch.float32:
            yield
            return
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


@contextmanager
def without_memory() -> Iterator[None]:
    """Run the body under torch's own defaults, with tensors that have shapes and no values."""
    with plain_settings(), torch.device("meta"), _NothingDrawn():
        yield


_KEEP_THE_SHAPE = frozenset(
    ("normal_", "uniform_", "kaiming_uniform_", "div", "__truediv__", "flip")
)


_exporting = getattr(torch.compiler, "is_exporting", lambda: False)  # torch before 2.7 has none


def exporting() -> bool:
    """Say whether torch.export records what runs.

    Numbers of rows are symbols then, which no branch may ask for, and no value is known.
    """
    return bool(_exporting())


def fast_forms() -> bool:
    """Say whether what runs is a session's: nothing traces it, and no gradient is taken.

    There, and only there, blocks write into memory of their own instead of taking new.
    """
    tracing = torch.compiler.is_compiling() or exporting()
    return not tracing and torch.is_inference_mode_enabled()


def trains(*tensors: torch.Tensor) -> bool:
    """Say whether a gradient of some of these is taken on the CPU, and nothing traces it.

    There, and only there, blocks take gradients in forms of their own.
    """
    tracing = torch.compiler.is_compiling() or exporting()
    here = torch.is_grad_enabled() and all(each.device.type == "cpu" for each in tensors)
    return here and not tracing and any(each.requires_grad for each in tensors)


@contextmanager
def ordinary_tensors() -> Iterator[None]:
    """Make ordinary tensors, without gradients, even in inference mode."""
    with torch.inference_mode(False), torch.no_grad():
        yield


def declares(block: object, name: str) -> bool:
    """Say whether an object's own class sets a flag; what derives from one may do otherwise."""
    return bool(vars(type(block)).get(name))


def unknown(size: int) -> bool:
    """Say whether a size stands for any, in what torch.export records."""
    return not isinstance(size, int)


class _NothingDrawn(TorchFunctionMode):
    """Neither draws nor scales first weights: without memory that loads a second of torch."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _KEEP_THE_SHAPE:
            return args[0] if args else kwargs["tensor"]
        if name == "mul" and isinstance(args[1], float):
            return args[0]
        if name == "linspace":
            return torch.empty(args[2])
        return (torch.empty if name == "randn" else func)(*args, **(kwargs or {}))
