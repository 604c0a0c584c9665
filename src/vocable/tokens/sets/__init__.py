"""Tokens of many recordings in one folder, read piece by piece: what language models learn from.

`tokens.json` says which tracks there are, `items.jsonl` has a line for each recording, and each
track one file of codes, a row for each moment at which all levels begin: a piece of a recording is
one stretch of it, mapped and not read. Durations, sides and sources are left out.
"""

from .about import About
from .reader import Item, TokenSet
from .writer import TokenSetWriter, check_folder

__all__ = ["About", "Item", "TokenSet", "TokenSetWriter", "check_folder"]
