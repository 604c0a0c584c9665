"""What is known of published files, by name or by hash: codecs, encoders, language models."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vocable.codecs.published import PUBLISHED, Entry, published, published_file
from vocable.errors import ModelError
from vocable.load.published_language import LANGUAGE
from vocable.units.published import ENCODERS, published_encoder


def entry_of(name: str) -> Entry | None:
    """Return the published model of a name; None for another."""
    language = next((entry for entry in LANGUAGE if entry.name == name), None)
    return published(name) or published_encoder(name) or language


def entry_of_file(sha256: str) -> Entry | None:
    """Return the published codec or encoder whose file has this SHA-256; None for another."""
    encoder = next((entry for entry in ENCODERS if entry.sha256 == sha256), None)
    return published_file(sha256) or encoder


def entries() -> tuple[Entry, ...]:
    """Return all published models."""
    return (*PUBLISHED, *ENCODERS, *LANGUAGE)


@runtime_checkable
class Named(Protocol):
    """What a checkpoint turned out to be: its model's name, and its architecture's."""

    @property
    def name(self) -> str: ...

    @property
    def architecture(self) -> str: ...


def check_entry(found: Named, entry: Entry | None) -> str:
    """Return the licence of what a published name gave; ModelError where it is another model."""
    if entry is None:
        return ""
    if entry.model not in (found.name, found.architecture):
        raise ModelError(
            f"{entry.name} was published as {entry.model}, but what came is {found.name}; fetch it "
            "again"
        )
    return entry.stated_licence
