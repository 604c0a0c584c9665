"""Encoders of semantic units: recordings to feature frames. Names load when they are first used.

    encoder = vocable.load("facebook/hubert-base-ls960")
    features, = encoder.features("talk.flac", layer=9)      # [frames, 768], 50 frames/s

FeatureEncoder    what a user holds: recordings, layers, identity
EncoderModel      the networks behind it, which families define
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.units.encoder import EncoderModel as EncoderModel
    from vocable.units.features import FeatureEncoder as FeatureEncoder

_HOME = {
    "encoder": ("EncoderModel",),
    "features": ("FeatureEncoder",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Load a name on its first use (PEP 562): describing a model must not load torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
