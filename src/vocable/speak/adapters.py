"""Put what fine-tuning has learnt into a model that speaks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from vocable.errors import ModelError
from vocable.language.adapting import load_adapter
from vocable.language.generator import Generator
from vocable.language.say import Sayer
from vocable.load.say import read_voices


def with_adapter(model: Any, folder: str | Path) -> Any:
    """Return a model with the adapter in a folder merged into its weights.

    A `Sayer` is a new one, whose first voice is the one that the adapter has learnt; others are
    changed. ModelError for an adapter of another model, and for a model that takes none.
    """
    if isinstance(model, Generator):
        load_adapter(model.network, folder, merge=True)
        return model
    if not isinstance(model, Sayer):
        raise ModelError(
            f"a {type(model).__name__} takes no adapter; take the model that it was made of"
        )
    network = copy.deepcopy(model.network)
    load_adapter(network, folder, merge=True)
    voices = {**read_voices(Path(folder)), **model.voices}
    return Sayer(model.name, network, model.codec, voices, model.licence)
