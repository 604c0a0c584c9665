"""Read and write `.vcb` token files; docs/token-file.md is their specification."""

from .reader import IncompleteWarning, TokenReader
from .scan import Gap
from .token_file import TokenFile
from .track import Track
from .whole import read_tokens, write_tokens
from .writer import TokenWriter

__all__ = [
    "Gap",
    "IncompleteWarning",
    "TokenFile",
    "TokenReader",
    "TokenWriter",
    "Track",
    "read_tokens",
    "write_tokens",
]
