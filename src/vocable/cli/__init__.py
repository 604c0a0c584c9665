"""The commands: `vocable encode`, `decode`, `roundtrip`, `info` and the rest.

A command is one file here. It resolves paths, refuses what cannot work, calls the library once per
input, and reports; anything longer belongs to the library. Nothing in this folder imports torch
before a command runs, so that `vocable --help` and `vocable info FILE` stay instant.
"""

import sys

INTERRUPTED = 130

__all__ = ["main"]


def main() -> None:
    """Run the command line that the program was called with; never returns."""
    try:
        from vocable.cli import group

        group.main()
    except KeyboardInterrupt:  # while that was loading; later the group sees to it
        sys.stderr.write("stopped\n")
        sys.exit(INTERRUPTED)
