"""What a command prints: lines for people on stderr, JSON for programs on stdout, progress."""

import json
import sys
import time
from typing import Any

import click

from vocable.cli.errors import one_line
from vocable.cli.units import duration

_SILENT_FOR = 2.0  # seconds: shorter work shows no progress
_TERMINAL_INTERVAL = 0.2  # seconds between two updates
_LOG_INTERVAL = 30.0  # longer, since a log file keeps every line


class Console:
    """The output of one run: `line` for people, `result` for programs."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._progress: Progress | None = None

    def line(self, text: str) -> None:
        """Print one line on stderr, unless --quiet; names in it may have line breaks."""
        if not self.quiet:
            self._clear()
            click.echo(one_line(text), err=True)

    def failure(self, text: str) -> None:
        """Print an error on stderr, even with --quiet."""
        self._clear()
        click.echo(f"error: {one_line(text)}", err=True)

    def result(self, facts: dict[str, Any]) -> None:
        """Print one JSON object on stdout, with --json; keys carry their units."""
        if self.as_json:
            # ASCII fits any console, and can write file names that are not valid Unicode.
            click.echo(json.dumps(facts))
            sys.stdout.flush()

    def progress(self, name: str) -> "Progress":
        """Return a callback that shows the time left of work that takes over 2 s."""
        self._progress = Progress(name, shown=not self.quiet)
        return self._progress

    def _clear(self) -> None:
        if self._progress is not None:
            self._progress.clear()


class Progress:
    """Called with the share of the work that is done; shows the time left.

    On a terminal this is one line that is replaced, in a log file a line from time to time.
    """

    def __init__(self, name: str, *, shown: bool = True) -> None:
        self._name = name
        self._shown = shown
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._next = self._began + _SILENT_FOR
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove its line from the terminal, so that another can be printed."""
        if self._terminal and self._width:
            click.echo("\r" + " " * self._width + "\r", nl=False, err=True)
            self._width = 0

    def __call__(self, share: float) -> None:
        """Report that `share` (0 to 1) of the work is done."""
        now = time.monotonic()
        if not self._shown or now < self._next or not 0 < share < 1:
            return
        self._next = now + (_TERMINAL_INTERVAL if self._terminal else _LOG_INTERVAL)
        left = (now - self._began) * (1 - share) / share
        text = f"{self._name}  {share:.0%}  {duration(left)} left"
        if self._terminal:
            click.echo("\r" + text.ljust(self._width), nl=False, err=True)
            self._width = len(text)
        else:
            click.echo(text, err=True)
