"""Format results as Markdown tables, and show progress at a terminal."""

import sys


def row(cells: list[str]) -> str:
    """Return one line of a table."""
    return "| " + " | ".join(cells) + " |"


def heading(cells: list[str]) -> str:
    """Return the first two lines of a table."""
    return "\n".join([row(cells), row(["---"] * len(cells))])


def progress(text: str) -> None:
    """Overwrite the line that shows progress, if stderr is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
