"""List what programs set around a codec: settings of torch, as contexts to enter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

Setting = Callable[[], AbstractContextManager[Any]]
THREADS = "one thread more"
_DTYPES = (torch.bfloat16, torch.float16, torch.float64)


def host_settings() -> dict[str, Setting]:
    """Return what programs set around a codec, by name: contexts to enter."""
    return {
        **{f"default dtype {str(d)[6:]}": partial(_default_dtype, d) for d in _DTYPES},
        "the meta device": partial(torch.device, "meta"),
        "the meta device as default": _meta_as_default,
        "modules made empty": _modules_made_empty,
        "inference mode": torch.inference_mode,
        "no gradients": torch.no_grad,
        "deterministic algorithms": _deterministic,
        THREADS: _one_thread_more,
        **LOWERED,
    }


@contextmanager
def _set(put: Callable[[Any], object], before: Any, value: Any) -> Iterator[None]:
    put(value)
    try:
        yield
    finally:
        put(before)


def _default_dtype(dtype: torch.dtype) -> AbstractContextManager[None]:
    return _set(torch.set_default_dtype, torch.get_default_dtype(), dtype)


def _deterministic() -> AbstractContextManager[None]:
    before = torch.are_deterministic_algorithms_enabled()
    return _set(torch.use_deterministic_algorithms, before, True)


def _one_thread_more() -> AbstractContextManager[None]:
    before = torch.get_num_threads()
    return _set(torch.set_num_threads, before, before + 1)


def _meta_as_default() -> AbstractContextManager[None]:
    return _set(torch.set_default_device, None, "meta")


def _modules_made_empty() -> AbstractContextManager[None]:
    """Give every parameter no memory when a module registers it, as accelerate does."""
    register = nn.Module.register_parameter

    def register_empty(module: nn.Module, name: str, param: nn.Parameter | None) -> None:
        register(module, name, param if param is None else nn.Parameter(param.to("meta")))

    def put(method: Any) -> None:
        nn.Module.register_parameter = method  # type: ignore[method-assign]

    return _set(put, register, register_empty)


def _medium_products() -> AbstractContextManager[None]:
    before = torch.get_float32_matmul_precision()
    return _set(torch.set_float32_matmul_precision, before, "medium")


LOWERED: dict[str, Setting] = {
    "autocast to bfloat16": partial(torch.autocast, "cpu", torch.bfloat16),
    "products of medium precision": _medium_products,
}
