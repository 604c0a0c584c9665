"""Separators: in our own layout, and in checkpoints of asteroid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys import own
from vocable.codecs.keys.checkpoint import Checkpoint, Layout, Recognised
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError, VocableError
from vocable.fitting import fit
from vocable.load.kind import Rows, ours, theirs
from vocable.load.recognising import recognised
from vocable.load.saving import stored

if TYPE_CHECKING:
    import torch

    from vocable.separation import ConvTasNet, Separator

ARCHITECTURE = "conv-tasnet"
KnownSeparator = tuple[Checkpoint, Layout, Recognised]


def separates(description: Any) -> bool:
    """Return whether a model in our own layout parts speakers."""
    return isinstance(description, Description) and description.architecture == ARCHITECTURE


def read_separator(description: Description, device: str | torch.device | None = None) -> Separator:
    """Return what a user holds of a model. ModelError where the weights are not its own."""
    from vocable.separation import ConvTasNetConfig, Separator

    config = fit(ConvTasNetConfig, description.config, "config", ModelError, "config.")
    network = network_of(config, own.read(description)).to(device or "cpu")
    name = f"{description.name}@{description.version}"
    return Separator(network, name=name, licence=description.licence)


def recognise_separator(weights: Path) -> KnownSeparator | None:
    """Return what a checkpoint is read by, or None if no separator's layout knows it."""
    from vocable.separation.keys import layouts

    return recognised(weights, layouts())


def describe_separator(known: KnownSeparator) -> Description:
    """Return what a checkpoint of others says of its separator, whose weights are not read."""
    checkpoint, _, found = known
    return Description(checkpoint.path, {
        "name": found.name, "version": "1", "architecture": found.architecture,
        "config": dict(found.config), "space": "", "source": {"layout": found.layout},
    })  # fmt: skip


def convert_separator(known: KnownSeparator, device: str | torch.device | None = None) -> Separator:
    """Return the separator in a checkpoint of others; ModelError where sizes do not fit."""
    from vocable.separation import ConvTasNetConfig, Separator

    checkpoint, layout, found = known
    try:
        config = fit(ConvTasNetConfig, found.config, "config", ModelError, "config.")
        network = network_of(config, layout.read(checkpoint, found)).to(device or "cpu")
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"{checkpoint.path} looks like {found.name} ({found.layout} layout): {reason}"
        ) from error
    return Separator(network, name=f"{found.name}@1")


def network_of(config: Any, tensors: Mapping[str, torch.Tensor]) -> ConvTasNet:
    """Return the network of these weights, which are not trained further."""
    import torch

    from vocable import weights
    from vocable.nn.settings import plain_settings, without_memory
    from vocable.separation import ConvTasNet

    with without_memory():
        weights.check_fits(ConvTasNet(config).state_dict(), tensors)
    weights.check_finite(tensors, "fetch it again")
    with plain_settings(), torch.random.fork_rng(devices=[]):
        network = ConvTasNet(config)
        weights.load_tensors(network, tensors)
    return network.eval().requires_grad_(False)


def save_separator(
    network: ConvTasNet, folder: Path, name: str, *, version: str = "1", card: str = "",
    facts: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """Write a separator to a folder that `load` reads, weights in fp16; return its name.

    facts: more entries for config.json, as licence and training. Files that are there are
    replaced, the description last. ModelError for weights that are not finite.
    """
    import torch

    stated = {
        "name": name,
        "version": version,
        "architecture": ARCHITECTURE,
        "config": asdict(network.config),
        "space": "",  # it has no tokens
    }
    stored(network, torch.float16, stated, facts or {}).write(folder, card)
    return f"{name}@{version}"


def _rows(description: Description) -> Rows:
    config = description.config
    how = "in steps" if config["causal"] else "whole recordings"
    return [("parts", f"{config['speakers']} speakers at {config['rate']} Hz, {how}")]


KINDS = (
    ours(
        (ARCHITECTURE,),
        lambda description, wanted: read_separator(description, wanted.device),
        rows=_rows,
        does="parts speakers",
    ),
    theirs(
        recognise_separator,
        lambda known, wanted: convert_separator(known, wanted.device),
        describe_separator,
    ),
)
