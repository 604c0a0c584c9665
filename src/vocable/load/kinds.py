"""The table of kinds of models, in the order in which they are asked; a new one is a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.description import Description
from vocable.errors import ModelError
from vocable.load import (
    audiolm,
    bundles,
    centres,
    encoders,
    language,
    own_language,
    say,
    separators,
    signal_encoders,
    vocoders,
)
from vocable.load.bundled import bundled, describe_bundled
from vocable.load.devices import check_device
from vocable.load.encoders import EncoderDescription
from vocable.load.finding import found_in
from vocable.load.found import Found
from vocable.load.kind import Kind, Place, Wanted
from vocable.load.language import LanguageDescription
from vocable.load.tokenizers import open_tokenizer
from vocable.load.vocoders import VocoderDescription

if TYPE_CHECKING:
    from vocable.codecs import Tokenizer

Described = Description | EncoderDescription | LanguageDescription | VocoderDescription


def _open_tokenizer(found: Found, wanted: Wanted) -> Tokenizer:
    """Return a codec or a tokenizer; ModelError says what another model does."""
    kind = kind_of(found.description)
    if kind.does:
        raise ModelError(f"{found.description.name} {kind.does}; {kind.instead}")
    return open_tokenizer(found, wanted.device, wanted.dtype)


# codecs and tokenizers, ours or converted: what no other kind knows
TOKENIZERS = Kind(
    lambda place: found_in(place.where), _open_tokenizer, lambda found: found.description
)
KINDS: tuple[Kind[Any], ...] = (
    # by the name alone
    bundles.KIND,
    centres.KIND,
    signal_encoders.KIND,
    audiolm.KIND,
    # by their files
    say.KIND,
    *vocoders.KINDS,
    own_language.KIND,
    encoders.KIND,
    language.KIND,
    *separators.KINDS,
    TOKENIZERS,
)


def opened(place: Place, wanted: Wanted, kinds: Iterable[Kind[Any]]) -> Any:
    """Return a model by the first of these kinds that knows it; None where none does."""
    for kind in kinds:
        if (known := kind.recognise(place)) is not None:
            check_device(wanted.device)
            return kind.open(known, wanted)
    return None


def described(place: Place) -> Described:
    """Return what a model's files say of it, by the first kind that knows it."""
    found: Described
    for kind in KINDS:
        if kind.describe and (known := kind.recognise(place)) is not None:
            found = kind.describe(known)
            return found
    raise AssertionError("codecs and tokenizers are what no other kind knows")


def kind_of(description: Description) -> Kind[Any]:
    """Return the kind of a model in our own layout."""
    family = description.architecture
    return next((kind for kind in KINDS if family in kind.architectures), TOKENIZERS)


def of_package(*kinds: Kind[Any]) -> list[Description]:
    """Return the models of these kinds in the package, each in its newest version."""
    return [each for each in map(describe_bundled, bundled()) if kind_of(each) in kinds]
