"""Put what fine-tuning has learnt into a model that speaks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TypeAlias

from vocable.language.adapting import load_adapter
from vocable.language.csm import CsmGenerator
from vocable.language.flat import FlatGenerator
from vocable.language.say import Sayer
from vocable.load.say import read_voices

Speaker: TypeAlias = Sayer | CsmGenerator | FlatGenerator


def with_adapter(model: Speaker, folder: str | Path) -> Speaker:
    """Return a model with the adapter in a folder merged into its weights.

    A `Sayer` is a new one, whose first voice is the one that the adapter has learnt; others are
    changed. ModelError for an adapter of another model.
    """
    if not isinstance(model, Sayer):
        load_adapter(model.network, folder, merge=True)
        return model
    network = copy.deepcopy(model.network)
    load_adapter(network, folder, merge=True)
    voices = {**read_voices(Path(folder)), **model.voices}
    return Sayer(model.name, network, model.codec, voices, model.licence)
