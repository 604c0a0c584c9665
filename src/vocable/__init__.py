"""Turn sound into tokens and tokens into sound.

    import vocable
    tokens = vocable.load("speech-16k").encode("speech.flac")
    vocable.load("speech-16k").decode(tokens).save("again.wav")

Public names are imported when they are first used: `import vocable` imports neither torch nor
numpy.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .audio import Audio as Audio
    from .audio import AudioReader as AudioReader
    from .audio import AudioWriter as AudioWriter
    from .audio import Voice as Voice
    from .errors import AudioError as AudioError
    from .errors import FormatError as FormatError
    from .errors import MeasureError as MeasureError
    from .errors import ModelError as ModelError
    from .errors import RecipeError as RecipeError
    from .errors import TokenError as TokenError
    from .errors import VocableError as VocableError
    from .load import load as load
    from .load import load_tokenizer as load_tokenizer
    from .tokens import AudioTokens as AudioTokens
    from .tokens import Level as Level
    from .tokens import Segment as Segment
    from .tokens import Side as Side
    from .tokens import Source as Source
    from .tokens import TokenSpec as TokenSpec
    from .tokens import Vocabulary as Vocabulary
    from .tokens import read_tokens as read_tokens

__version__ = "0.1.0"

_PUBLIC = {
    "audio": ("Audio", "AudioReader", "AudioWriter", "Voice"),
    "errors": (
        "AudioError",
        "FormatError",
        "MeasureError",
        "ModelError",
        "RecipeError",
        "TokenError",
        "VocableError",
    ),
    "load": ("load", "load_tokenizer"),
    "tokens": (
        "AudioTokens",
        "Level",
        "Segment",
        "Side",
        "Source",
        "TokenSpec",
        "Vocabulary",
        "read_tokens",
    ),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> object:
    """Import a public name on its first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'vocable' has no attribute {name!r}")
    value: object = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Makes `vocable.load` stay the function when the submodule of that name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "load" and isinstance(value, ModuleType):
            value = value.load
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
