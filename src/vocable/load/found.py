"""A model that was found: what it says of itself, and a way to its tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Found:
    """A model's description, and `read`, which gives tensors by the keys of its architecture."""

    description: Description
    read: Callable[[], Mapping[str, Tensor]]


def in_our_layout(description: Description) -> Found:
    """Return a model whose files are in our own layout."""
    return Found(description, partial(own.read, description))
