"""What tells voices apart on any machine: say-16k, which hears voices to speak in them."""

from __future__ import annotations

from functools import cache
from typing import Any

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.load import load_embedding as load_voice
from vocable.measures.speakers import EMBEDDINGS, Embed, load_embedding
from vocable.nearest import nearest

OWN = "say-16k"


def embedding_here() -> str:
    """Return the name of the best embedding of this machine.

    That is Resemblyzer, which errs less (docs/log.md), where its package is there; else `OWN`.
    """
    try:
        load_embedding("resemblyzer")
    except MeasureError:
        return OWN
    return "resemblyzer"


def find_embedding(name: str) -> Embed:
    """Return an embedding by its name: `OWN`, or one of `measures.EMBEDDINGS`.

    MeasureError with the nearest name for an unknown one, and where its package is missing.
    """
    if name == OWN:
        return _own()
    if name not in EMBEDDINGS:
        raise MeasureError(f'no embedding named "{name}"; {nearest(name, [OWN, *EMBEDDINGS])}')
    return load_embedding(name)


@cache
def _own() -> Embed:
    """Return the voice [64] that say-16k hears in sound."""
    voice = load_voice(OWN, device="cpu")

    def embed(samples: Any, rate: int) -> Any:
        return voice.sound(Audio(samples, rate).resample(voice.rate).samples)[0].numpy()

    return embed
