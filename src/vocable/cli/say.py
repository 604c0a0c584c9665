"""What a command says: lines for people on stderr, JSON for programs on stdout, the time left."""

import json
import sys
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import click

from vocable.cli.refusal import one_line

_QUIET_FOR = 2.0  # seconds: shorter work needs no time left
_EVERY_TERMINAL = 0.2
_EVERY_FILE = 30.0  # a log file keeps every line, so it gets few


class Voice:
    """The two channels of one run: `line` for people, `result` for programs."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    def line(self, text: str) -> None:
        """Say one finished thing on stderr, unless --quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    def failure(self, text: str) -> None:
        """Say on stderr what went wrong, even with --quiet."""
        click.echo(f"error: {one_line(text)}", err=True)

    def result(self, facts: dict[str, Any]) -> None:
        """Print one JSON object on stdout, with --json; keys carry their units."""
        if self.as_json:
            click.echo(json.dumps(facts))  # ASCII: fits any console, and names that are no text
            sys.stdout.flush()

    def time_left(self, name: str) -> "TimeLeft":
        """Return a progress callback that shows the time left of work that takes over 2 s."""
        return TimeLeft(name, shown=not self.quiet)


class TimeLeft:
    """Called with the share done so far; draws one line that is replaced (plain lines in a log)."""

    def __init__(self, name: str, *, shown: bool = True) -> None:
        self._name = name
        self._shown = shown
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._next = self._began + _QUIET_FOR
        self._width = 0

    def __enter__(self) -> "TimeLeft":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._terminal and self._width:
            click.echo("\r" + " " * self._width + "\r", nl=False, err=True)

    def __call__(self, share: float) -> None:
        """Report that `share` (0 to 1) of the work is done."""
        now = time.monotonic()
        if not self._shown or now < self._next or not 0 < share < 1:
            return
        self._next = now + (_EVERY_TERMINAL if self._terminal else _EVERY_FILE)
        left = (now - self._began) * (1 - share) / share
        text = f"{self._name}  {share:.0%}  {clock(left)} left"
        if self._terminal:
            click.echo("\r" + text.ljust(self._width), nl=False, err=True)
            self._width = len(text)
        else:
            click.echo(text, err=True)


def clock(seconds: float) -> str:
    """Return a duration as people say it: `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def size(count: int) -> str:
    """Return a number of bytes with its unit: `640 bytes`, `9.3 kB`, `1.2 GB` (powers of 1000)."""
    if count < 1000:
        return f"{count} bytes"
    for power, unit in ((1, "kB"), (2, "MB")):
        if count < 999.95 * 1000**power:
            return f"{count / 1000**power:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def kbps(bits_per_second: float) -> str:
    """Return a bit rate: `2.00 kbps` (1 kbps = 1000 bits/s)."""
    return f"{bits_per_second / 1000:.2f} kbps"


def times(factor: float) -> str:
    """Return a speed as a multiple of real time: `31× real time`."""
    digits = 0 if factor >= 10 else 1
    return f"{factor:.{digits}f}× real time"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of name and value as aligned text."""
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in pairs)
