"""Texts with times of tokens, in Whisper's sequences: an encoder, and a decoder that writes."""

from .config import TranscriberConfig
from .generator import Transcribed, TranscriberGenerator
from .lesson import transcriber_lesson
from .model import Transcriber

__all__ = [
    "Transcribed", "Transcriber", "TranscriberConfig", "TranscriberGenerator", "transcriber_lesson",
]  # fmt: skip
