"""Fit plain values, as TOML and JSON give them, to frozen dataclasses.

Model configs, training recipes and whatever else is written down as a table go through `fit`, so
that an unknown key, a missing one and a value of another type read the same everywhere. What
somebody else's config.json says beside weights goes through `check_config`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from vocable.errors import ModelError, VocableError
from vocable.nearest import nearest

Kind = TypeVar("Kind")


def fit(
    kind: type[Kind], table: Mapping[str, Any], what: str, error: type[VocableError], path: str = ""
) -> Kind:
    """Return `kind(**table)`: nested tables as dataclasses, lists as tuples, integers as floats.

    `what` names the table in messages ("recipe"), `path` stands before its keys ("optimizer.").
    Where `kind` has an attribute `kinds`, a dict of subclasses by name, the table's own `kind`
    chooses one of them; without it, the first is taken.
    Raises `error` for an unknown key (with the nearest), a missing one, or a value of another type.
    """
    kind = _chosen(kind, table, error, path)
    types_of = get_type_hints(kind)
    hints = {f.name: types_of[f.name] for f in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in hints:
            raise error(f"{what} has no key {path}{key}; {nearest(str(key), hints)}")
    fitter = _Fitter(what, error)
    values = {key: fitter.fit(hints[key], value, path + key) for key, value in table.items()}
    missing = [f.name for f in fields(kind) if _needed(f) and f.name not in values]  # type: ignore[arg-type]
    if missing:
        raise error(f"{what} lacks {path}{', '.join(missing)}")
    return kind(**values)


def check_config(
    config: Mapping[str, Any], needed: Mapping[str, Any], file: str = "config.json"
) -> None:
    """Refuse a config that says something else than the weights, or than the family can do.

    What is absent or null says nothing. file: what the config was read from.
    """
    for key, wanted in needed.items():
        value = config.get(key)
        value = tuple(value) if isinstance(value, list) else value
        if value is not None and value != wanted:
            raise ModelError(
                f"{file} says {key} {str(config[key])[:60]}, which for these weights must be "
                f"{wanted}; fetch both from one place"
            )


def _chosen(
    kind: type[Kind], table: Mapping[str, Any], error: type[VocableError], path: str
) -> type[Kind]:
    kinds: Mapping[str, type[Kind]] | None = getattr(kind, "kinds", None)
    if kinds is None:
        return kind
    name = table.get("kind", next(iter(kinds)))
    if name not in kinds:
        raise error(f'{path}kind is "{name}"; {nearest(str(name), kinds)}')
    return kinds[name]


def _needed(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


class _Fitter:
    """Fits single values; knows how to refuse them."""

    def __init__(self, what: str, error: type[VocableError]) -> None:
        self._what, self._error = what, error

    def fit(self, hint: Any, value: Any, path: str) -> Any:
        """Return `value` as the type `hint` of the key `path`, or say what was wanted."""
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(f"{path} is {value}; wanted a finite number")
        origin, inner = get_origin(hint), get_args(hint)
        if is_dataclass(hint) and isinstance(value, Mapping):
            return fit(hint, value, self._what, self._error, path + ".")  # type: ignore[arg-type]
        if origin is Literal and value in inner:
            return value
        if origin in (Union, types.UnionType):
            return self._any_of(inner, value, path)
        if origin is tuple and isinstance(value, list | tuple):
            kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
            if len(kinds) == len(value):
                return tuple(self.fit(k, v, path) for k, v in zip(kinds, value, strict=True))
        if origin is dict and isinstance(value, Mapping):
            return {key: self.fit(inner[1], item, f"{path}.{key}") for key, item in value.items()}
        if hint is Any or type(value) is hint:
            return value
        if hint is float and type(value) is int:
            return float(value)
        wanted = " | ".join(map(repr, inner)) if origin is Literal else _spelled(hint)
        raise self._error(f"{path} is {value!r}; wanted {wanted}")

    def _any_of(self, hints: Sequence[Any], value: Any, path: str) -> Any:
        if isinstance(value, Mapping):  # a table that fits none is refused as what it was to be
            hints = sorted(hints, key=is_dataclass)
        for hint in hints[:-1]:
            try:
                return self.fit(hint, value, path)
            except self._error:
                continue
        return self.fit(hints[-1], value, path)


def _spelled(hint: Any) -> str:
    if is_dataclass(hint):
        return "a table"
    return str(getattr(hint, "__name__", hint)) if get_origin(hint) is None else str(hint)
