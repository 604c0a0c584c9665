"""Layouts of published language models: one module each, that says "this is mine" and reads it.

    recognise(shapes, config) -> Recognised | None      by keys, shapes and config.json
    read(tensors, recognised) -> tensors                by the keys of our network; floats as stored

`shapes` has the key of every tensor in the checkpoint, `config` what a config.json beside it says,
empty where there is none. The modules know neither files nor other families.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from torch import Tensor

from vocable.errors import ModelError

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Recognised:
    """What a checkpoint turned out to be.

    name            of the published model whose sizes it has, else the family's with its sizes
    layout          whose keys it has
    architecture    its family's name in the registry
    config          plain values for the config of its network
    inside          what stands before the keys of a codec in the same checkpoint; None: none is
    codec           what config.json says of that codec
    """

    name: str
    layout: str
    architecture: str
    config: Mapping[str, Any]
    inside: str | None = None
    codec: Mapping[str, Any] | None = None


@runtime_checkable
class Layout(Protocol):
    """What a module that knows a family's checkpoints offers."""

    def recognise(self, shapes: Shapes, config: Mapping[str, Any]) -> Recognised | None: ...

    def read(self, tensors: Mapping[str, Tensor], recognised: Recognised) -> dict[str, Tensor]: ...


@contextmanager
def refusing(family: str) -> Iterator[None]:
    """Say in one line that shapes or a config.json are not those of a family."""
    try:
        yield
    except ModelError:
        raise
    except (LookupError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise ModelError(
            f"checkpoint: such shapes and such a config.json make no {family} ({error!r}); fetch "
            "both again"
        ) from error
