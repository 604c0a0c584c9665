"""How much audio fits into a model's context, as facts for programs and as a table for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vocable.cli.units import duration

if TYPE_CHECKING:
    from vocable.tokens import Fit

Facts = dict[str, Any]


def context_facts(fits: Iterable[Fit]) -> list[Facts]:
    """Return a table per layout, its keys with their units."""
    return [_facts(fit) for fit in fits]


def _facts(fit: Fit) -> Facts:
    facts = {
        "layout": fit.layout,
        "positions_per_second": float(fit.positions_per_second),
        "depth_steps_per_second": float(fit.depth_steps_per_second),
        "seconds": float(fit.seconds),
    }
    if fit.cache_bytes is not None and fit.cache_bytes_per_second is not None:
        facts["cache_bytes"] = fit.cache_bytes
        facts["cache_bytes_per_second"] = float(fit.cache_bytes_per_second)
    return facts


def context_table(layouts: list[Facts], context: int | None) -> str:
    """Return a line per layout; bytes in powers of 1024, as memory is counted."""
    head = ["layout", "positions/s", "depth/s", f"fits {context}"]
    if "cache_bytes" in layouts[0]:
        head += ["cache", "a minute of audio"]
    lines = [head, *map(_line, layouts)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = (
        [name.ljust(widths[0]), *map(str.rjust, rest, widths[1:])] for name, *rest in lines
    )  # fmt: skip
    return "\n".join("  ".join(line).rstrip() for line in texts)


def _line(facts: Facts) -> list[str]:
    rates = [facts["positions_per_second"], facts["depth_steps_per_second"]]
    line = [facts["layout"], f"{rates[0]:.2f}", f"{rates[1]:.2f}" if rates[1] else "-"]
    line.append(_seconds(facts["seconds"]))
    if "cache_bytes" in facts:
        line += [memory(facts["cache_bytes"]), memory(60 * facts["cache_bytes_per_second"])]
    return line


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def memory(count: float) -> str:
    """Return bytes of memory: `23.4 MiB`, `1.46 GiB` (powers of 1024)."""
    for power, unit in ((1, "KiB"), (2, "MiB")):
        if count < 1023.95 * 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count / 1024**3:.2f} GiB"
