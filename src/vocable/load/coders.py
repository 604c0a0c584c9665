"""Models of tokens that code token files, for who writes them and for who reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vocable.codecs.keys.description import Description
from vocable.errors import ModelError
from vocable.load.bundled import describe_bundled, is_bundled
from vocable.load.finding import locate
from vocable.load.own_language import is_language, read_network
from vocable.tokens.file.coding_model import add_model, find_models_by

if TYPE_CHECKING:
    from vocable.language.coder import ModelCoder


def load_coder(name: str | os.PathLike[str]) -> ModelCoder:
    """Load a model of tokens to code token files by, a bundled name or a folder.

    `write_tokens` and `encode_to` take it as `model=`; files that it coded can be read from then on
    in this process. It computes on the CPU, on one thread, in fp32, and on every machine whose
    arithmetic is the same to the last bit. ModelError for a model that cannot code tokens.
    """
    from vocable.language.coder import ModelCoder

    where = locate(name)
    if not isinstance(where, Description) or not is_language(where):
        raise ModelError(
            f"{name} is not a model of tokens; give the folder of one that was trained: "
            "vocable train language"
        )
    coder = ModelCoder(read_network(where), f"{where.name}@{where.version}")
    add_model(coder)
    return coder


def _bundled(name: str) -> ModelCoder | None:
    """Return the coder that a file names, if it comes with the package: a file opens no folder."""
    if not is_bundled(name):
        return None
    try:
        found = describe_bundled(name)
    except ModelError:  # of a version that is not here
        return None
    return load_coder(name) if is_language(found) else None


find_models_by(_bundled)
