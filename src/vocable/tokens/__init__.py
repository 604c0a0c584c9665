"""Audio tokens: what they are, their values, their order, and their file. No torch, only numpy."""

from .parts import Level, Segment, Side, Source, Span
from .spec import TokenSpec
from .values import AudioTokens

__all__ = ["AudioTokens", "Level", "Segment", "Side", "Source", "Span", "TokenSpec"]
