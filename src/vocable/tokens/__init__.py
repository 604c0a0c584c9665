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
from .layouts import (
    LAYOUTS,
    Cache,
    Fit,
    Layout,
    Legal,
    Recovered,
    acoustic_delay,
    coarse_first,
    delay,
    depth,
    fits,
    flatten,
    grouped,
    level_major,
    parallel,
)
from .legal_ids import legal_ids
from .positions import EMPTY
from .repair import repair
from .spec import TokenSpec
from .spec_parts import Latent, Level, Segment, Side, Source, Span
from .values import AudioTokens, joined
from .vocabulary import Vocabulary, orpheus
from .vocabulary_tables import Tables
from .whisper import Passage, Transcript, WhisperVocabulary

__all__ = [
    "EMPTY",
    "LAYOUTS",
    "AcousticBPE",
    "AudioTokens",
    "Cache",
    "Fit",
    "IncompleteWarning",
    "Latent",
    "Layout",
    "Legal",
    "Level",
    "LiveReader",
    "Passage",
    "Recovered",
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
    "acoustic_delay",
    "coarse_first",
    "coded_bytes",
    "delay",
    "depth",
    "fits",
    "flatten",
    "grouped",
    "joined",
    "legal_ids",
    "level_major",
    "orpheus",
    "parallel",
    "read_merges",
    "read_tokens",
    "repair",
    "write_tokens",
]
