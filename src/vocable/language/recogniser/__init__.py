"""Texts of tokens: an encoder that sees both sides, and letters by CTC."""

from .config import RecogniserConfig
from .generator import RecogniserGenerator
from .lesson import recogniser_lesson
from .model import Recogniser

__all__ = ["Recogniser", "RecogniserConfig", "RecogniserGenerator", "recogniser_lesson"]
