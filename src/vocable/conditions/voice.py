"""Whose voice it is, as say-16k hears it: an embedding that comes with the package."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.audio import Audio
from vocable.conditions.embedding import Windows
from vocable.weights import digest


class HearsVoices(Protocol):
    """A model that says texts, as a `Sayer` is."""

    name: str
    network: Any
    codec: Any

    def voice(self, recordings: Any) -> Tensor: ...


class VoiceEmbedding:
    """The voice that a model which says texts hears in each window; it has no texts."""

    def __init__(self, model: HearsVoices) -> None:
        self.name, self._model = model.name, model
        self.rate = int(model.codec.spec.rate)
        about = model.codec.spec.space
        self.space = f"{model.name}:{digest(model.network.state_dict(), about)}"

    def sound(self, windows: Windows) -> Float[Tensor, "windows width"]:
        """Return the voice in each window."""
        each = (self._model.codec.encode(Audio(samples, self.rate)) for samples in windows)
        return torch.stack([self._model.voice([tokens]) for tokens in each])
