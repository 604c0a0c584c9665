"""Embeddings of recordings: windows of ten seconds, one each second, and their mean.

As MusicLM has it (arXiv:2301.11325). A shorter recording is one window; what follows the last whole
window, less than a second, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from vocable.codecs.convert import read_source
from vocable.errors import ModelError

WINDOW, STRIDE = 10, 1  # seconds
TOGETHER = 8  # windows

Windows = Float32[np.ndarray, "windows samples"]


@runtime_checkable
class Embeds(Protocol):
    """An embedding of sound.

    name: what `vocable.load.load_embedding` finds it by. space: identity of its weights,
    `name@version:digest`. rate: Hz that it reads.
    """

    name: str
    space: str
    rate: int

    def sound(self, windows: Windows) -> Float[Tensor, "windows width"]:
        """Return the vectors of windows of at most `WINDOW` seconds, each by itself."""
        ...


@runtime_checkable
class EmbedsText(Embeds, Protocol):
    """An embedding that has texts in the space of sounds."""

    def text(self, text: str) -> Float[Tensor, " width"]:
        """Return the vector of a text."""
        ...


def embedding_of(embeds: Embeds, source: Any, rate: int | None = None) -> Float[Tensor, " width"]:
    """Return what a recording is like, a vector of length 1; its channels are mixed.

    source: as `Tokenizer.encode` takes it. ModelError for a vector that is 0 or not finite.
    """
    audio = read_source(source, rate).mono().resample(embeds.rate)
    found = [embeds.sound(some).double().sum(0) for some in _windows(audio.samples[0], embeds.rate)]
    return direction(torch.stack(found).sum(0), embeds.name)


def direction(vector: Tensor, name: str) -> Float[Tensor, " width"]:
    """Return a vector at length 1, fp32. ModelError for one that has no direction."""
    length = vector.double().norm()
    if not 0 < float(length) < float("inf"):
        raise ModelError(f"{name} gives a vector that is 0 or not finite; it hears nothing here")
    found: Tensor = (vector.double() / length).float().cpu()
    return found


def _windows(samples: Float32[np.ndarray, " samples"], rate: int) -> Iterator[Windows]:
    """Yield windows, a few at a time."""
    length = min(len(samples), WINDOW * rate)
    each = np.lib.stride_tricks.sliding_window_view(samples, length)[:: STRIDE * rate]
    for first in range(0, len(each), TOGETHER):
        yield np.ascontiguousarray(each[first : first + TOGETHER])
