"""Numbers with their units, and tables of them, as people read them."""

from collections.abc import Iterable


def duration(seconds: float) -> str:
    """Return a duration, at least a second: `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def file_size(count: int) -> str:
    """Return a number of bytes: `640 bytes`, `9.3 kB`, `1.2 GB` (powers of 1000)."""
    if count < 1000:
        return f"{count} bytes"
    for power, unit in ((1, "kB"), (2, "MB")):
        if count < 999.95 * 1000**power:
            return f"{count / 1000**power:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def kbps(bits_per_second: float) -> str:
    """Return a bit rate: `2.00 kbps` (1 kbps = 1000 bits/s)."""
    return f"{bits_per_second / 1000:.2f} kbps"


def times_real_time(factor: float) -> str:
    """Return a speed as a multiple of real time: `31× real time`."""
    digits = 0 if factor >= 10 else 1
    return f"{factor:.{digits}f}× real time"


def columns(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of as many texts each as aligned columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of name and value as aligned text."""
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in pairs)
