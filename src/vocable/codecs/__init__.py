"""Codecs: audio to codes and back. `build` makes one by the name of its architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vocable.codecs.base import Codec, CodecOutput, drop_learning, unborn
from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.nearest import nearest

__all__ = [
    "Codec",
    "CodecOutput",
    "build",
    "drop_learning",
    "unborn",
]


def _seanet(values: Mapping[str, Any]) -> Codec:
    from vocable.codecs.seanet import SEANet, SEANetConfig

    return SEANet(fit(SEANetConfig, values, "config", ModelError, "config."))


def _speech(values: Mapping[str, Any]) -> Codec:
    from vocable.codecs.speech import Speech, SpeechConfig

    return Speech(fit(SpeechConfig, values, "config", ModelError, "config."))


ARCHITECTURES: dict[str, Callable[[Mapping[str, Any]], Codec]] = {
    "seanet": _seanet,
    "speech": _speech,
}


def build(architecture: str, config: Mapping[str, Any]) -> Codec:
    """Return an untrained codec; `config` overrides its architecture's defaults.

    An unknown architecture or key is a `ModelError` that names the nearest.
    """
    if architecture not in ARCHITECTURES:
        hint = nearest(architecture, ARCHITECTURES)
        raise ModelError(f'no architecture named "{architecture}"; {hint}')
    return ARCHITECTURES[architecture](config)
