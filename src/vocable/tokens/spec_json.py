"""Turn the fields of a spec into JSON and back; equal specs give equal JSON.

Equal levels in a row become one run `[count, size, stride, role]`, without the role if it is
acoustic, and without the stride too if that is 1; prefixes become runs `[from, to]`. In the place
of levels a latent is `[dim]`, or `[dim, role]` if it is not acoustic. Fields that
have their usual value are left out, and unknown keys are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from ..errors import TokenError
from ..nearest import listed
from .spec_parts import MAX_LEVELS, AnyLevel, Latent, Level, Segment, Side

_KEYS = {"space", "rate", "frame", "channels", "levels", "latent", "prefixes", "out_rate", "window",
         "sides", "segment"}  # fmt: skip
_SIDE = {"name": str, "shape": list, "dtype": str, "per": str}


def canonical_json(value: Any) -> bytes:
    """Return canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def check_keys(what: str, table: Any, known: set[str]) -> dict[str, Any]:
    """Refuse anything but a dictionary with known keys."""
    if not isinstance(table, Mapping):
        raise TokenError(f"{what} must be a dictionary, got {type(table).__name__}")
    unknown = sorted(str(key) for key in set(table) - known)
    if unknown:
        raise TokenError(
            f"{what} has unknown keys {listed(unknown)}; known are {', '.join(sorted(known))}"
        )
    return dict(table)


def encode_fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a spec as integers, strings, lists and dictionaries."""
    table = {key: spec[key] for key in ("space", "rate", "frame")} | _level_runs(spec["levels"])
    if spec["channels"] != 1:
        table["channels"] = spec["channels"]
    if spec["prefixes"] != tuple(range(1, len(spec["levels"]) + 1)):
        table["prefixes"] = _prefix_runs(spec["prefixes"])
    table |= {key: spec[key] for key in ("out_rate", "window") if spec[key] is not None}
    if spec["sides"]:
        table["sides"] = [
            {"name": s.name, "shape": list(s.shape), "dtype": s.dtype, "per": s.per}
            for s in spec["sides"]
        ]
    if spec["segment"] is not None:
        table["segment"] = [spec["segment"].length, spec["segment"].hop]
    return table


def decode_fields(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that `encode_fields` wrote; TokenError names what is unknown or missing."""
    given = check_keys("a spec", table, _KEYS)
    latent = given.pop("latent", None)
    if latent is not None and "levels" in given:
        raise TokenError("a spec has levels or a latent, not both")
    needed = {"space", "rate", "frame"} | (set() if latent is not None else {"levels"})
    missing = sorted(needed - set(given))
    if missing:
        raise TokenError(
            f"a spec must have space, rate, frame and levels; it lacks {', '.join(missing)}"
        )
    levels = _levels(given["levels"]) if latent is None else (_latent(latent),)
    prefixes = _prefixes(given["prefixes"]) if "prefixes" in given else range(1, len(levels) + 1)
    return (
        {"channels": 1}
        | given
        | {
            "levels": levels,
            "prefixes": tuple(prefixes),
            "sides": tuple(_side(entry) for entry in _list("sides", given.get("sides", []))),
            "segment": _segment(given.get("segment")),
        }
    )


def _level_runs(levels: tuple[AnyLevel, ...]) -> dict[str, Any]:
    first = levels[0]
    if isinstance(first, Latent):
        usual = first.role == Latent(first.dim).role
        return {"latent": [first.dim] if usual else [first.dim, first.role]}
    runs = [(len(list(same)), level) for level, same in groupby(levels)]
    return {"levels": [_level_run(n, level) for n, level in runs if isinstance(level, Level)]}


def _latent(value: Any) -> Latent:
    if not 1 <= len(_list("latent", value)) <= 2:
        raise TokenError(f"latent must be [dim, role], got {str(value)[:60]}")
    return Latent(*value)


def _level_run(count: int, level: Level) -> list[Any]:
    run: list[Any] = [count, level.size, level.stride, level.role]
    default = Level(level.size)
    if level == default:
        return run[:2]
    return run if level.role != default.role else run[:3]


def _prefix_runs(prefixes: tuple[int, ...]) -> list[list[int]]:
    runs: list[list[int]] = []
    for n in prefixes:
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return runs


def _prefixes(value: Any) -> list[int]:
    prefixes: list[int] = []
    for run in _list("prefixes", value):
        numbers = _integers("a run of prefixes", run)
        if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1] <= MAX_LEVELS:
            raise TokenError(
                f"prefixes must be runs [from, to] within {MAX_LEVELS}, got {str(run)[:60]}"
            )
        prefixes += range(numbers[0], numbers[1] + 1)
        if len(prefixes) > MAX_LEVELS:
            raise TokenError(f"prefixes must be at most {MAX_LEVELS}")
    return prefixes


def _levels(value: Any) -> tuple[Level, ...]:
    levels: list[Level] = []
    for run in _list("levels", value):
        if not isinstance(run, list) or not 2 <= len(run) <= 4 or type(run[0]) is not int:
            raise TokenError(
                f"levels must be runs of [count, size, stride, role], got {str(run)[:60]}"
            )
        if not 1 <= run[0] <= MAX_LEVELS - len(levels):
            raise TokenError(f"levels must be 1 to {MAX_LEVELS}, got a run of {run[0]}")
        levels += [Level(*run[1:])] * run[0]
    return tuple(levels)


def _side(value: Any) -> Side:
    entry = check_keys("a side", value, set(_SIDE))
    for key, kind in _SIDE.items():
        if not isinstance(entry.get(key), kind):
            raise TokenError(f"a side's {key} must be a {kind.__name__}, got {entry.get(key)!r}")
    return Side(entry["name"], tuple(entry["shape"]), entry["dtype"], entry["per"])


def _segment(value: Any) -> Segment | None:
    if value is None:
        return None
    numbers = _integers("segment", value)
    if len(numbers) != 2:
        raise TokenError(f"a segment must be [length, hop], got {len(numbers)} numbers")
    return Segment(*numbers)


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TokenError(f"{name} must be a list, got {type(value).__name__}")
    return value


def _integers(name: str, value: Any) -> list[int]:
    values = _list(name, value)
    if not all(type(value) is int for value in values):
        raise TokenError(f"{name} must be a list of integers")
    return values
