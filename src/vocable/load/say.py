"""Models that say texts, or units, in our own layout: weights, voices, and their codec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError, TokenError
from vocable.fitting import fit
from vocable.load.kind import Kind, Rows, ours
from vocable.load.saving import stored
from vocable.tokens import TokenSpec

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec
    from vocable.language.say import KnownVoice, Say, Sayer, UnitSayer

ARCHITECTURE = "say"
VOICES = "voices.safetensors"  # `[voice]` of each voice that is known, by name


def says(description: Any) -> bool:
    """Return whether a model in our own layout is one that says texts, or units."""
    return isinstance(description, Description) and description.architecture == ARCHITECTURE


def read_sayer(
    description: Description,
    codec_of: Callable[..., Codec],
    device: str | torch.device | None = None,
) -> Sayer | UnitSayer:
    """Return the model, with the codec whose tokens it says. ModelError where they do not fit."""
    from vocable.language.say import Sayer, UnitSayer

    space = description.space
    codec = codec_of(space.partition(":")[0], device)
    network = read_network(description, codec).to(device or "cpu").eval().requires_grad_(False)
    name = f"{description.name}@{description.version}"
    known = network, codec, _voices(description), description.licence
    units = _units(description)
    return UnitSayer(name, *known, units=units) if units else Sayer(name, *known)


def says_units(description: Any) -> bool:
    """Return whether a model in our own layout is one that says units."""
    return says(description) and bool(description.facts.get("units"))


def _units(description: Description) -> TokenSpec | None:
    """Return the spec of the units that a model says; None for one that says texts."""
    if not says_units(description):
        return None
    try:
        return TokenSpec.from_dict(description.facts["units"])
    except (TokenError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{description.folder}: config.json does not say which units the model says ({error}); "
            "train it again"
        ) from error


def read_network(description: Description, codec: Codec) -> Say:
    """Return the network alone, over the codebooks of its codec."""
    import torch

    from vocable import weights
    from vocable.codecs.codebooks import codec_books
    from vocable.language.say import Say, SayConfig
    from vocable.nn.settings import plain_settings

    books = codec_books(codec)
    if books.space != description.space:
        raise ModelError(
            f"{description.folder} says tokens of {description.space}, the codec here has "
            f"{books.space}"
        )
    config = fit(SayConfig, description.config, str(description.folder), ModelError)
    # the first weights are random, which must not move the generator of the program around
    with plain_settings(), torch.random.fork_rng(devices=[]):
        network = Say(config)
        weights.load_tensors(network, weights.restored(own.read(description)))
        network.books.set(books.entries)
    return network


def save_say(
    network: Say, folder: Path, space: str, name: str, *, version: str = "1", card: str = "",
    voices: Mapping[str, KnownVoice] | None = None, units: TokenSpec | None = None,
    facts: Mapping[str, Any] | None = None, dtype: torch.dtype | None = None,
) -> str:  # fmt: skip
    """Write a model that says tokens of a space to a folder that `load` reads; return its name.

    units: the spec of what is said, None for phones. voices: those that it is to know. facts:
    more entries for config.json, as licence and training. dtype: what the file holds weights in,
    torch.float16 (the default) or torch.int8, half of that, see `vocable.eight_bits`. Files that
    are there are replaced, the description last. ModelError for weights that are not finite.
    """
    import torch

    stated = {
        "name": name,
        "version": version,
        "architecture": ARCHITECTURE,
        "config": asdict(network.config),
        "space": space,
        "voices": list(voices or {}),
        **({"units": replace(units, out_rate=None).to_dict()} if units else {}),
    }
    made = stored(network, dtype or torch.float16, stated, facts or {})
    if voices:
        write_voices(folder, voices)
    made.write(folder, card)
    return f"{name}@{version}"


def write_voices(folder: Path, voices: Mapping[str, KnownVoice]) -> None:
    """Write voices into a folder, beside the weights of a model or of an adapter."""
    from vocable import weights

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{known.language}/{name}": known.numbers for name, known in voices.items()}
    weights.write(folder / VOICES, tensors)


def read_voices(folder: Path) -> dict[str, KnownVoice]:
    """Return the voices in a folder by name; none where it has none."""
    from vocable import weights
    from vocable.language.say import KnownVoice

    path = folder / VOICES
    if not path.is_file():
        return {}
    found = {}
    for key, numbers in weights.read(path).items():
        language, _, name = key.partition("/")
        found[name] = KnownVoice(numbers.float(), language)
    return found


def _voices(description: Description) -> Mapping[str, KnownVoice]:
    """Return the voices beside the weights, in the order in which the description names them."""
    found = read_voices(description.folder)
    return {name: found[name] for name in description.facts.get("voices", ()) if name in found}


def _rows(description: Description) -> Rows:
    return [("voices", ", ".join(description.facts.get("voices", ())) or "none of its own")]


KIND = ours(
    (ARCHITECTURE,),
    lambda description, wanted: read_sayer(description, wanted.codec_of, wanted.device),
    rows=_rows,
    does="says texts",
)
# those of them that are vocoders of units
UNITS = Kind(lambda place: place.ours if says_units(place.ours) else None, KIND.open)
