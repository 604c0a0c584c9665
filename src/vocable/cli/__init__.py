"""The commands: `vocable encode`, `decode`, `roundtrip`, `info` and the rest.

A command is one file here. It resolves paths, refuses what cannot work, calls the library once per
input, and reports; anything longer belongs to the library. Nothing in this folder imports torch
before a command runs, so that `vocable --help` and `vocable info FILE` stay instant.
"""

from vocable.cli.group import main as main

__all__ = ["main"]
