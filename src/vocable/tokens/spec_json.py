"""Spell a spec as JSON: one spelling for one spec, and nothing but what a spec knows.

Levels are runs of equal ones, `[count, size, stride, role]`, of which a usual end (stride 1, role
acoustic) is left out; prefixes are runs `[from, to]`. What has its usual value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from ..errors import TokenError
from .parts import Level, Segment, Side
from .spec import MAX_LEVELS, TokenSpec

_KEYS = {"space", "rate", "frame", "channels", "levels", "prefixes", "out_rate", "window", "sides",
         "segment"}  # fmt: skip
_SIDE = {"name": str, "shape": list, "dtype": str, "per": str}


def to_dict(spec: TokenSpec) -> dict[str, Any]:
    """Return the spec as integers, strings, lists and dictionaries."""
    runs = [(len(list(same)), level) for level, same in groupby(spec.levels)]
    form: dict[str, Any] = {
        "space": spec.space,
        "rate": spec.rate,
        "frame": spec.frame,
        "levels": [_run(n, level) for n, level in runs],
    }
    if spec.channels != 1:
        form["channels"] = spec.channels
    if spec.prefixes != tuple(range(1, len(spec.levels) + 1)):
        form["prefixes"] = _prefix_runs(spec.prefixes)
    for name in ("out_rate", "window"):
        if getattr(spec, name) is not None:
            form[name] = getattr(spec, name)
    if spec.sides:
        form["sides"] = [
            {"name": s.name, "shape": list(s.shape), "dtype": s.dtype, "per": s.per}
            for s in spec.sides
        ]
    if spec.segment is not None:
        form["segment"] = [spec.segment.length, spec.segment.hop]
    return form


def from_dict(form: Mapping[str, Any]) -> TokenSpec:
    """Return the spec that `to_dict` spelled; TokenError names what is missing or unknown."""
    known = check_keys("a spec", form, _KEYS)
    missing = sorted({"space", "rate", "frame", "levels"} - set(known))
    if missing:
        raise TokenError(
            f"a spec must have space, rate, frame and levels; {', '.join(missing)} is missing"
        )
    levels = _levels(known["levels"])
    prefixes = _prefixes(known["prefixes"]) if "prefixes" in known else range(1, len(levels) + 1)
    return TokenSpec(
        space=known["space"],
        rate=known["rate"],
        frame=known["frame"],
        channels=known.get("channels", 1),
        levels=levels,
        prefixes=tuple(prefixes),
        out_rate=known.get("out_rate"),
        window=known.get("window"),
        sides=tuple(_side(entry) for entry in _list("sides", known.get("sides", []))),
        segment=_segment(known.get("segment")),
    )


def _run(count: int, level: Level) -> list[Any]:
    run: list[Any] = [count, level.size, level.stride, level.role]
    usual = Level(level.size)
    if level == usual:
        return run[:2]
    return run if level.role != usual.role else run[:3]


def _prefix_runs(prefixes: tuple[int, ...]) -> list[list[int]]:
    runs: list[list[int]] = []
    for n in prefixes:
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return runs


def _prefixes(form: Any) -> list[int]:
    prefixes: list[int] = []
    for run in _list("prefixes", form):
        numbers = _integers("a run of prefixes", run)
        if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1] <= MAX_LEVELS:
            raise TokenError(
                f"prefixes must be runs [from, to] within {MAX_LEVELS}, got {str(run)[:60]}"
            )
        prefixes += range(numbers[0], numbers[1] + 1)
        if len(prefixes) > MAX_LEVELS:
            raise TokenError(f"prefixes must be at most {MAX_LEVELS}")
    return prefixes


def spelled(form: Any) -> bytes:
    """Return canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def check_keys(what: str, form: Any, known: set[str]) -> dict[str, Any]:
    """Refuse anything but a dictionary with known keys."""
    if not isinstance(form, Mapping):
        raise TokenError(f"{what} must be a dictionary, got {type(form).__name__}")
    unknown = sorted(str(key) for key in set(form) - known)[:5]
    if unknown:
        raise TokenError(
            f"{what} has unknown keys {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    return dict(form)


def _levels(form: Any) -> tuple[Level, ...]:
    levels: list[Level] = []
    for run in _list("levels", form):
        if not isinstance(run, list) or not 2 <= len(run) <= 4 or type(run[0]) is not int:
            raise TokenError(
                f"levels must be runs of [count, size, stride, role], got {str(run)[:60]}"
            )
        if not 1 <= run[0] <= MAX_LEVELS - len(levels):
            raise TokenError(f"levels must be 1 to {MAX_LEVELS}, got a run of {run[0]}")
        levels += [Level(*run[1:])] * run[0]
    return tuple(levels)


def _side(form: Any) -> Side:
    entry = check_keys("a side", form, set(_SIDE))
    for key, kind in _SIDE.items():
        if not isinstance(entry.get(key), kind):
            raise TokenError(f"a side's {key} must be a {kind.__name__}, got {entry.get(key)!r}")
    return Side(entry["name"], tuple(entry["shape"]), entry["dtype"], entry["per"])


def _segment(form: Any) -> Segment | None:
    if form is None:
        return None
    numbers = _integers("segment", form)
    if len(numbers) != 2:
        raise TokenError(f"a segment must be [length, hop], got {len(numbers)} numbers")
    return Segment(*numbers)


def _list(name: str, form: Any) -> list[Any]:
    if not isinstance(form, list):
        raise TokenError(f"{name} must be a list, got {type(form).__name__}")
    return form


def _integers(name: str, form: Any) -> list[int]:
    values = _list(name, form)
    if not all(type(value) is int for value in values):
        raise TokenError(f"{name} must be a list of integers")
    return values
