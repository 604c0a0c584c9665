"""What models and extractors return: by attribute, by key, or as a tuple, as in `transformers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch


class Output(Mapping[str, Any]):
    """Named values in an order; those that are None are left out."""

    def __init__(self, **values: Any) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._names = frozenset(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            known = ", ".join(self._values)
            raise AttributeError(f"there is no {name} here; there are {known}")
        return self._values.get(name)

    def __getitem__(self, key: Any) -> Any:
        return self._values[key] if isinstance(key, str) else self.to_tuple()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Output({', '.join(self._values)})"

    def to_tuple(self) -> tuple[Any, ...]:
        """Return the values alone."""
        return tuple(self._values.values())

    def to(self, device: str | torch.device) -> Output:
        """Return the same with all tensors on a device."""
        moved = {
            name: value.to(device) if isinstance(value, torch.Tensor) else value
            for name, value in self._values.items()
        }
        return Output(**{**dict.fromkeys(self._names), **moved})
