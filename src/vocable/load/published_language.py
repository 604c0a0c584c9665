"""The published language models that vocable reads: which files of whom.

Plain data, as codecs/published.py is: a revision and a SHA-256 stand here only where a public
source states them. A new one is a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.published import Entry


@dataclass(frozen=True)
class PublishedLanguage(Entry):
    """One language model that somebody published."""

    name: str
    model: str
    file: str
    licence: str
    licence_seen: bool = True
    revision: str | None = None
    sha256: str | None = None
    url: str | None = None


LANGUAGE = (
    # the licence: what models.py of SesameAILabs/csm writes into the card of its weights
    PublishedLanguage(
        "sesame/csm-1b", "csm-1b", "model.safetensors", "Apache-2.0", licence_seen=False
    ),
)
