"""Adapters of language models: which layers they may have, by the names that PEFT knows."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from vocable.language.csm.model import Csm
from vocable.language.flat.model import Flat
from vocable.language.keys.csm_places import csm_places
from vocable.language.keys.flat import flat_places
from vocable.language.maps import Map
from vocable.nn import Linear
from vocable.nn.lora import Adapter, Place, linear_places, open_adapter


def adapter_places(network: nn.Module) -> tuple[Place, ...]:
    """Return the linear maps of a network that an adapter may be for.

    Of a published model by the names that it has in transformers, so that PEFT opens what is made
    here, and what PEFT made opens here; of others by our own.
    """
    if isinstance(network, Csm):
        return csm_places(network.config)
    if isinstance(network, Flat):
        return flat_places(network.config)
    return linear_places(network, (nn.Linear, Linear, Map))


def load_adapter(network: nn.Module, folder: str | Path, *, merge: bool = False) -> Adapter:
    """Put the adapter in a folder into a network, as a part of its own or merged into its weights.

    Merged it costs no time; apart it can be taken out again exactly (`Adapter.detach`). ModelError
    for an adapter of another model, and for kinds that are not read here.
    """
    adapter = open_adapter(folder, network, adapter_places(network)).requires_grad_(False)
    adapter.attach(network)
    if merge:
        adapter.merge(network)
    return adapter
