"""What a whole recording is like, as a few tokens: an embedding, quantized level by level.

MusicLM's conditioning tokens ("MusicLM: Generating Music From Text", Agostinelli et al. 2023,
arXiv:2301.11325): where sound and texts have embeddings in one space, a model that was trained on
tokens of sound writes what a text describes. Any embedding does: MuLan, theirs, is not public.
Names load when they are first used.

Embeds, EmbedsText    what an embedding must have
embedding_of          that of a recording
Books, fit_books      the centres of each level, and where they come from
Conditioner           an embedding with its centres, as it is used
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .books import Books as Books
    from .books import fit_books as fit_books
    from .books import read_books as read_books
    from .conditioner import Conditioner as Conditioner
    from .embedding import Embeds as Embeds
    from .embedding import EmbedsText as EmbedsText
    from .embedding import embedding_of as embedding_of

_HOME = {
    "books": ("Books", "fit_books", "read_books"),
    "conditioner": ("Conditioner",),
    "embedding": ("Embeds", "EmbedsText", "embedding_of"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Load a name on its first use (PEP 562): describing a model must not load torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
