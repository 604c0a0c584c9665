"""Models of tokens that were trained at home, in our own layout.

A family is a module of `vocable.language` with a config, a network made of it, and what a user
holds of that; the name that a config.json calls it by is its line in FAMILIES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.load.kind import Wanted, ours
from vocable.load.saving import stored

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec
    from vocable.language.home import HomeGenerator
    from vocable.load.language import LanguageDescription

LAYOUT = "our own"  # whose keys the weights have
FAMILIES = {  # module: its network; + "Config": its config
    "frames": "Frames",
    "stages": "Stage",
    "soundstorm": "SoundStorm",
    "valle.ar": "ValleAR",
    "valle.nar": "ValleNAR",
    "translator": "Translator",
    "recogniser": "Recogniser",
    "transcriber": "Transcriber",
}


def is_language(description: Any) -> bool:
    """Return whether a model in our own layout models tokens."""
    return isinstance(description, Description) and description.architecture in FAMILIES


def read_home(
    description: Description,
    codec_of: Callable[..., Codec],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    weights: torch.dtype | None = None,
) -> HomeGenerator:
    """Return what a user holds of a model, with its codec where that is at hand.

    dtype: what it computes in; None: fp32. weights: see `Generator.pack`.
    """
    import torch

    network = read_network(description).to(device or "cpu", dtype or torch.float32)
    name = f"{description.name}@{description.version}"
    kind = _class(description.architecture, "Generator")
    made: HomeGenerator = kind(network, name=name, licence=description.licence)
    if weights is not None:
        made.pack(weights)
    with suppress(ModelError):  # of another version, or not here: the model gives tokens then
        made.attach(codec_of(description.space.partition(":")[0], device))
    return made


def describe_home(description: Description) -> LanguageDescription:
    """Return what a model's files say of it; its weights are not read."""
    from vocable.load.language import LanguageDescription
    from vocable.nn.settings import without_memory

    name, family = f"{description.name}@{description.version}", description.architecture
    with without_memory():
        network = _class(family)(_config(description))
        able = _class(family, "Generator")(network, name=name).abilities
    return LanguageDescription(name, description.folder, family, LAYOUT, able, description.licence)


def read_network(description: Description) -> Any:
    """Return the network, in evaluation mode. ModelError where the weights are not its own."""
    import torch

    from vocable import weights
    from vocable.nn.settings import plain_settings

    config = _config(description)
    # the first weights are random, which must not move the generator of the program around
    with plain_settings(), torch.random.fork_rng(devices=[]):
        network = _class(description.architecture)(config)
        weights.load_tensors(network, weights.restored(own.read(description)))
    return network.eval().requires_grad_(False)


def save_language(
    network: Any, folder: Path, name: str, *, version: str = "1", card: str = "",
    facts: Mapping[str, Any] | None = None, dtype: torch.dtype | None = None,
) -> str:  # fmt: skip
    """Write a model of tokens to a folder that `load` reads; return its name.

    dtype: what the file holds weights in, torch.float16 (the default) or torch.int8, half of that,
    see `vocable.eight_bits`. facts: more entries for config.json, as licence and training. Files
    that are there are replaced, the description last. ModelError for weights that are not finite.
    """
    import torch

    stated = {
        "name": name,
        "version": version,
        "architecture": _family_of(network),
        "config": asdict(network.config),
        "space": network.spec.space,
    }
    stored(network, dtype or torch.float16, stated, facts or {}).write(folder, card)
    return f"{name}@{version}"


def _config(description: Description) -> Any:
    kind = _class(description.architecture, "Config")
    return fit(kind, description.config, "config", ModelError, "config.")


def _family_of(network: Any) -> str:
    for module, name in FAMILIES.items():
        if type(network).__name__ == name:
            return module
    raise ModelError(
        f"{type(network).__name__} belongs to none of the families of models of tokens"
    )


def _class(family: str, part: str = "") -> type[Any]:
    found: type[Any] = getattr(import_module(f"vocable.language.{family}"), FAMILIES[family] + part)
    return found


def _open(description: Description, wanted: Wanted) -> HomeGenerator:
    return read_home(description, wanted.codec_of, wanted.device, wanted.dtype, wanted.weights)


KIND = ours(FAMILIES, _open, describe_home, does="models tokens")
