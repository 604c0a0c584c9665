"""The languages that texts are read and spoken in."""

from __future__ import annotations

from vocable.errors import TokenError
from vocable.text.language import Language

NAMES = ("en", "de")
USUAL = "en"  # where nothing says which one


def language(name: str) -> Language:
    """Return a language by its code; only those in use are loaded. TokenError for others."""
    if name == "en":
        from vocable.text.normal.en import ENGLISH

        return ENGLISH
    if name == "de":
        from vocable.text.normal.de import GERMAN

        return GERMAN
    raise TokenError(f"texts are read in {' and '.join(NAMES)}, not in {name!r}")
