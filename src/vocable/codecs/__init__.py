"""Codecs: audio to codes and back. `build` makes one by the name of its architecture."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from vocable.codecs.base import Codec, CodecOutput, drop_learning, unborn
from vocable.codecs.config import config_values, make_config, spec_values
from vocable.errors import ModelError

__all__ = [
    "Codec",
    "CodecOutput",
    "build",
    "config_values",
    "drop_learning",
    "spec_values",
    "unborn",
]


def _seanet(values: Mapping[str, Any]) -> Codec:
    from vocable.codecs.seanet import SEANet, SEANetConfig

    return SEANet(make_config(SEANetConfig, values))


def _speech(values: Mapping[str, Any]) -> Codec:
    from vocable.codecs.speech import Speech, SpeechConfig

    return Speech(make_config(SpeechConfig, values))


ARCHITECTURES: dict[str, Callable[[Mapping[str, Any]], Codec]] = {
    "seanet": _seanet,
    "speech": _speech,
}


def build(architecture: str, config: Mapping[str, Any]) -> Codec:
    """Return an untrained codec; `config` overrides its architecture's defaults.

    An unknown architecture or key is a `ModelError` that names the nearest.
    """
    if architecture not in ARCHITECTURES:
        near = difflib.get_close_matches(architecture, ARCHITECTURES, n=1)
        hint = f'nearest: "{near[0]}"' if near else f"known: {', '.join(ARCHITECTURES)}"
        raise ModelError(f'no architecture named "{architecture}"; {hint}')
    return ARCHITECTURES[architecture](config)
