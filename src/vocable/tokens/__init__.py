"""Audio tokens: what they are, their values, their order, and their file. No torch, only numpy."""

from . import array_files as array_files  # registers .npy, .npz and .safetensors
from .bpe import AcousticBPE, as_text, read_merges
from .file import (
    IncompleteWarning,
    LiveReader,
    TokenFile,
    TokenReader,
    TokenWriter,
    Track,
    coded_bytes,
    read_tokens,
    write_tokens,
)
from .layouts import LAYOUTS, Fit, Layout, coarse_first, delay, fits, flatten, parallel
from .positions import EMPTY
from .spec import TokenSpec
from .spec_parts import Level, Segment, Side, Source, Span
from .values import AudioTokens, joined
from .vocabulary import Vocabulary, orpheus
from .vocabulary_tables import Tables
from .whisper import Passage, Transcript, WhisperVocabulary

__all__ = [
    "EMPTY",
    "LAYOUTS",
    "AcousticBPE",
    "AudioTokens",
    "Fit",
    "IncompleteWarning",
    "Layout",
    "Level",
    "LiveReader",
    "Passage",
    "Segment",
    "Side",
    "Source",
    "Span",
    "Tables",
    "TokenFile",
    "TokenReader",
    "TokenSpec",
    "TokenWriter",
    "Track",
    "Transcript",
    "Vocabulary",
    "WhisperVocabulary",
    "as_text",
    "coarse_first",
    "coded_bytes",
    "delay",
    "fits",
    "flatten",
    "joined",
    "orpheus",
    "parallel",
    "read_merges",
    "read_tokens",
    "write_tokens",
]
