"""The commands: `vocable encode`, `decode`, `roundtrip`, `info` and the rest.

Each command is one file here. It resolves paths, refuses what cannot work, calls the library once
per input, and reports; anything longer belongs to the library. Nothing in this folder imports torch
before a command runs, so that `vocable --help` and `vocable info FILE` start at once.
"""

import sys

from vocable.cli.exit_codes import INTERRUPTED

__all__ = ["main"]


def main() -> None:
    """Run the command line that the program was called with; never returns."""
    try:
        from vocable.cli import group

        group.main()
    except KeyboardInterrupt:  # during the import; once it runs, the group handles Ctrl-C
        sys.stderr.write("stopped\n")
        sys.exit(INTERRUPTED)
