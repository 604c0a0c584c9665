"""Run a program to its end, with one line of reason where that fails.

It stays in the group of the process that starts it: whoever ends that group, or interrupts it at a
terminal, ends the program with all that it started. Any exception here ends the program itself.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from vocable.errors import MeasureError

_SHOWN = 200  # characters of what a program says


def run(words: Sequence[str]) -> None:
    """Run a program without a shell or input; MeasureError where it fails or cannot start."""
    name = words[0]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    try:
        done = subprocess.run(words, **quiet, check=False)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise MeasureError(f"{name} is not here; install it, or give its path") from error
    except OSError as error:
        raise MeasureError(f"{name} cannot be run ({error.strerror or error})") from error
    except ValueError as error:  # a null character
        raise MeasureError(f"{name!r} cannot be run ({error})") from error
    if done.returncode:
        message = last_line(done.stderr)
        raise MeasureError(f"{name} {_ending(done.returncode)}{f': {message}' if message else ''}")


def last_line(text: bytes) -> str:
    """Return the last line that says something, without what cannot be printed."""
    lines = text.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    filled = [line.strip() for line in lines if line.strip()]
    shown = "".join(each for each in filled[-1] if each.isprintable()) if filled else ""
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _ending(code: int) -> str:
    if code > 0:
        return f"failed with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
