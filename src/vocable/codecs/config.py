"""Make a config dataclass from the dictionary that a model folder or a recipe holds."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from vocable.errors import ModelError
from vocable.tokens import TokenSpec
from vocable.tokens.form import to_dict

Config = TypeVar("Config")


def make_config(kind: type[Config], values: Mapping[str, Any], where: str = "config") -> Config:
    """Return `kind(**values)`, with JSON's lists as tuples.

    A key that `kind` lacks, or a value of another type, is a `ModelError` that names it.
    """
    hints = get_type_hints(kind)
    for key in values:
        if key not in hints:
            raise ModelError(f'{where} has an unknown key "{key}"; {_nearest(key, list(hints))}')
    checked = {key: _value(hints[key], value, f"{where}.{key}") for key, value in values.items()}
    return kind(**checked)


def config_values(config: Any) -> dict[str, Any]:
    """Return the inverse of `make_config`, for JSON."""
    return dataclasses.asdict(config)


def spec_values(spec: TokenSpec) -> dict[str, Any]:
    """Return a spec for JSON, so that a model can be described without building it."""
    return to_dict(spec)


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is tuple and isinstance(value, list | tuple):
        inner = get_args(hint)
        if inner[1:] != (...,) and len(inner) != len(value):
            raise ModelError(f"{where} needs {len(inner)} values, got {list(value)}")
        kinds = [inner[0]] * len(value) if inner[1:] == (...,) else inner
        return tuple(_value(k, v, where) for k, v in zip(kinds, value, strict=True))
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(hint, type) and type(value) is not hint:
        raise ModelError(f"{where} needs {hint.__name__}, got {value!r}")
    return value


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f'nearest: "{near[0]}"' if near else f"known: {', '.join(known)}"
