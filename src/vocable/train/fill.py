"""Fit plain values, as TOML gives them, to frozen dataclasses."""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from vocable.errors import RecipeError


def fill(kind: type, table: Mapping[str, Any], where: str = "") -> Any:
    """Return `kind(**table)`, its nested dataclasses filled likewise.

    RecipeError names an unknown key with the nearest, a missing key, or a value of another type;
    `where` stands before the names.
    """
    hints = get_type_hints(kind)
    for key in table:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1, cutoff=0.0)
            raise RecipeError(
                f"recipe has no key {where}{key}; nearest: {where}{near[0]} "
                f"(known here: {', '.join(hints)})"
            )
    values = {key: _fit(hints[key], value, where + key) for key, value in table.items()}
    missing = [item.name for item in fields(kind) if _needed(item) and item.name not in values]
    if missing:
        raise RecipeError(f"recipe lacks {where}{', '.join(missing)}")
    return kind(**values)


def _needed(item: Any) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _fit(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the type `hint` of the key `where`, or say what was wanted."""
    if isinstance(value, float) and not math.isfinite(value):
        raise RecipeError(f"{where} is {value}; wanted a finite number")
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(value, Mapping):
        return fill(hint, value, where + ".")  # type: ignore[arg-type]
    if origin is Literal and value in inner:
        return value
    if origin in (Union, types.UnionType):
        return _fit_any(inner, value, where)
    if origin is tuple and isinstance(value, list | tuple):
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_fit(k, v, where) for k, v in zip(kinds, value, strict=True))
    if origin is dict and isinstance(value, Mapping):
        return {key: _fit(inner[1], item, f"{where}.{key}") for key, item in value.items()}
    if hint is Any or (type(value) is hint):
        return value
    if hint is float and type(value) is int:
        return float(value)
    wanted = " | ".join(map(repr, inner)) if origin is Literal else _spell(hint)
    raise RecipeError(f"{where} is {value!r}; wanted {wanted}")


def _fit_any(hints: Sequence[Any], value: Any, where: str) -> Any:
    for hint in hints[:-1]:
        try:
            return _fit(hint, value, where)
        except RecipeError:
            continue
    return _fit(hints[-1], value, where)


def _spell(hint: Any) -> str:
    if is_dataclass(hint):
        return "a table"
    return str(getattr(hint, "__name__", hint)) if get_origin(hint) is None else str(hint)
