"""Audio tokens: what they are, their values, their order, and their file. No torch, only numpy."""

from .file import (
    IncompleteWarning,
    TokenFile,
    TokenReader,
    TokenWriter,
    Track,
    read_tokens,
    write_tokens,
)
from .parts import Level, Segment, Side, Source, Span
from .spec import TokenSpec
from .values import AudioTokens, joined

__all__ = [
    "AudioTokens",
    "IncompleteWarning",
    "Level",
    "Segment",
    "Side",
    "Source",
    "Span",
    "TokenFile",
    "TokenReader",
    "TokenSpec",
    "TokenWriter",
    "Track",
    "joined",
    "read_tokens",
    "write_tokens",
]
