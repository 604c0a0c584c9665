"""Open the golden toy of Mimi as a checkpoint of `moshi`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from tests.golden.encodec.opened import Held, held
from tests.golden.mimi.make import FILE, TOY
from vocable import weights
from vocable.codecs import Codec
from vocable.codecs.keys import mimi as keys
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.load.converting import convert


def stored() -> dict[str, Tensor]:
    """Return all tensors of the golden file."""
    return weights.read(FILE)


def state() -> dict[str, Tensor]:
    """Return the toy's weights by moshi's keys."""
    return {k.removeprefix("state."): v for k, v in stored().items() if "state." in k}


def checkpoint(tensors: Mapping[str, Tensor] | None = None, **config: Any) -> Held:
    """Return the toy as a checkpoint, or other tensors; some values of its config changed."""
    facts = {"model_type": "mimi", **TOY, **config}
    return held(state() if tensors is None else tensors, **facts)


def load(found: Checkpoint) -> Codec:
    """Load a checkpoint by Mimi's key map."""
    recognised = keys.recognise(found)
    assert recognised is not None
    return Codec(convert(keys, found, recognised).eval())  # type: ignore[arg-type]
