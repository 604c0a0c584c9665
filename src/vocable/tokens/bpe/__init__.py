"""Merge frequent strings of units into tokens of their own: acoustic BPE."""

from .acoustic_bpe import AcousticBPE
from .tokenizers_file import as_text, read_merges

__all__ = ["AcousticBPE", "as_text", "read_merges"]
