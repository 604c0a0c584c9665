"""What is known of published files, codecs and encoders of units alike, by name or by hash."""

from __future__ import annotations

from vocable.codecs.published import PUBLISHED, Entry, published, published_file
from vocable.units.published import ENCODERS, published_encoder


def entry_of(name: str) -> Entry | None:
    """Return the published codec or encoder of a name; None for another."""
    return published(name) or published_encoder(name)


def entry_of_file(sha256: str) -> Entry | None:
    """Return the published codec or encoder whose file has this SHA-256; None for another."""
    encoder = next((entry for entry in ENCODERS if entry.sha256 == sha256), None)
    return published_file(sha256) or encoder


def entries() -> tuple[Entry, ...]:
    """Return all published codecs and encoders."""
    return (*PUBLISHED, *ENCODERS)
