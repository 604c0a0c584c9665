"""Tokenizers and codecs: recordings to tokens and back. Names load when they are first used.

Tokenizer, Codec            what a user holds: recordings, files, streams, identity
AdaptiveRate                encodes with one of them, at a rate that follows the sound
TokenizerModel, CodecModel  the networks behind them, which architectures define
register, build             architectures by name
Chunks                      how the program of a published codec cuts what it decodes
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.codecs.adaptive import AdaptiveRate as AdaptiveRate
    from vocable.codecs.chunks import Chunks as Chunks
    from vocable.codecs.codec import Codec as Codec
    from vocable.codecs.codec_model import CodecModel as CodecModel
    from vocable.codecs.codec_model import CodecOutput as CodecOutput
    from vocable.codecs.codes import Codes as Codes
    from vocable.codecs.latency import Latency as Latency
    from vocable.codecs.model import TokenizerModel as TokenizerModel
    from vocable.codecs.model import untrained as untrained
    from vocable.codecs.registry import architectures as architectures
    from vocable.codecs.registry import build as build
    from vocable.codecs.registry import register as register
    from vocable.codecs.state import Decoding as Decoding
    from vocable.codecs.state import Encoding as Encoding
    from vocable.codecs.tokenizer import Tokenizer as Tokenizer

_HOME = {
    "adaptive": ("AdaptiveRate",),
    "chunks": ("Chunks",),
    "codec": ("Codec",),
    "codec_model": ("CodecModel", "CodecOutput"),
    "codes": ("Codes",),
    "latency": ("Latency",),
    "model": ("TokenizerModel", "untrained"),
    "registry": ("architectures", "build", "register"),
    "state": ("Decoding", "Encoding"),
    "tokenizer": ("Tokenizer",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Load a name on its first use (PEP 562): describing a model must not load torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
