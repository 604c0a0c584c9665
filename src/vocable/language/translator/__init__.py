"""Units of one language into units of another: an encoder, a decoder, letters beside them."""

from .config import CtcHead, TranslatorConfig
from .generator import Translated, TranslatorGenerator
from .lesson import translator_lesson
from .model import Translator

__all__ = [
    "CtcHead", "Translated", "Translator", "TranslatorConfig", "TranslatorGenerator",
    "translator_lesson",
]  # fmt: skip
