"""Read and write `.vcb` token files; docs/token-file.md is their specification."""

from .coded_size import coded_bytes
from .contents import Gap, IncompleteWarning
from .live_reader import LiveReader
from .read_write import read_tokens, write_tokens
from .reader import TokenReader
from .token_file import TokenFile
from .track import Track
from .writer import TokenWriter

__all__ = [
    "Gap",
    "IncompleteWarning",
    "LiveReader",
    "TokenFile",
    "TokenReader",
    "TokenWriter",
    "Track",
    "coded_bytes",
    "read_tokens",
    "write_tokens",
]
