"""What a process of ours sets up first: how it ends, what it prints, which modules it knows."""

import codecs
import contextlib
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import click

from vocable.cli.errors import Refusal, one_line
from vocable.cli.exit_codes import TERMINATED

# What stands for our characters where an encoding lacks them.
_PLAIN = {"×": "x", "±": "+-", "…": "...", "≤": "<="}


def import_modules(names: Iterable[str]) -> None:
    """Import modules by name, from where the user is or any installed package."""
    for name in names:
        _import_module(name)


def _import_module(name: str) -> None:
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0] and error.name != name:
            raise  # the module is there, and lacks another
        raise Refusal(
            f"no module {name} in {os.getcwd()} or installed; give its name without .py"
        ) from error


@contextlib.contextmanager
def warnings_on_stderr(*, shown: bool = True) -> Iterator[None]:
    """While a command runs, print the library's warnings on stderr, one line each and only once.

    shown: False hides them.
    """
    log = logging.getLogger("vocable")
    handler = _StderrHandler(logging.WARNING) if shown else logging.NullHandler()
    printed = set()

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        text = one_line(str(message))
        if shown and text not in printed:  # a file that is opened twice warns twice
            click.echo(f"warning: {text}", err=True)
        printed.add(text)

    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = show
            yield
    finally:
        log.removeHandler(handler)


@contextlib.contextmanager
def without_hub() -> Iterator[None]:
    """While a command runs, let it and the processes that it starts ask no model hub."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before


class _StderrHandler(logging.Handler):
    """Writes to the current sys.stderr, which click's test runner replaces."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"{record.levelname.lower()}: {one_line(record.getMessage())}", err=True)


def exit_on_sigterm(*_: Any) -> None:
    """Exit by an exception, so that temporary files are removed."""
    sys.exit(TERMINATED)


def print_in_any_encoding() -> None:
    """Let stdout and stderr print plain characters for those that their encoding lacks."""
    codecs.register_error("vocable", _plain)
    for stream in (sys.stdout, sys.stderr):
        if stream.errors in ("strict", "surrogateescape", "backslashreplace"):  # the defaults
            stream.reconfigure(errors="vocable")  # type: ignore[union-attr]  # a TextIOWrapper


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what to print for characters that cannot be encoded, and where to go on.

    A byte of a file name that is not valid Unicode is printed as it is.
    """
    assert isinstance(error, UnicodeEncodeError)
    first, rest = error.object[error.start], error.start + 1
    if "\udc80" <= first <= "\udcff":
        return bytes([ord(first) - 0xDC00]), rest
    return _PLAIN.get(first) or first.encode("ascii", "backslashreplace").decode(), rest
