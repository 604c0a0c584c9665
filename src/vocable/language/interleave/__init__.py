"""Text and speech in one sequence of ids, for text models that `text_model.extend` gave audio ids.

lesson      ids, which of them a loss counts, and batches of such
rows        tokens, text and marks as ids of one vocabulary
spoken      tokens of a recording with its words, and where each word's frames begin
spirit      spans of words by turns, text or units: SpiritLM's base form
chunked     so many ids of text, so many of audio: GLM-4-Voice, CosyVoice 2 and 3
loss        how well a model foretells a batch, by kind
"""

from .chunked import chunk_lesson, cosyvoice_lesson
from .lesson import AUDIO, KINDS, MARK, TEXT, Interleaved, InterleavedBatch
from .loss import means, nats_of
from .spirit import Span, draw_spans, spirit_lesson
from .spoken import SpokenWords

__all__ = [
    "AUDIO",
    "KINDS",
    "MARK",
    "TEXT",
    "Interleaved",
    "InterleavedBatch",
    "Span",
    "SpokenWords",
    "chunk_lesson",
    "cosyvoice_lesson",
    "draw_spans",
    "means",
    "nats_of",
    "spirit_lesson",
]
