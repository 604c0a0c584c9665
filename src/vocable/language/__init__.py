"""Models of tokens."""

from .rows import MeanAndNoise, Projected, Rows
from .text_model import AudioIds, extend, load_ids, names_of, save, text_ids, trainable_rows

__all__ = [
    "AudioIds",
    "MeanAndNoise",
    "Projected",
    "Rows",
    "extend",
    "load_ids",
    "names_of",
    "save",
    "text_ids",
    "trainable_rows",
]
