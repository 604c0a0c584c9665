"""Embeddings by their names, and conditions by the file beside a set of tokens or a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vocable.conditions.origin import FILE
from vocable.errors import ModelError
from vocable.load.bundled import describe_bundled, is_bundled
from vocable.load.devices import check_device
from vocable.load.say import read_sayer, says

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec
    from vocable.conditions import Conditioner, Embeds


def open_embedding(
    name: str, codec_of: Callable[..., Codec], device: str | torch.device | None = None
) -> Embeds:
    """Return the voice that a model of the package hears, or a CLAP in a folder or on the hub."""
    check_device(device)
    if is_bundled(name):
        from vocable.conditions.voice import VoiceEmbedding

        if not says(found := describe_bundled(name)):
            raise ModelError(f"{name} hears no voices; a condition is of say-16k or of a CLAP")
        return VoiceEmbedding(read_sayer(found, codec_of, device))
    from vocable.conditions.clap import Clap

    return Clap(name, device)


def open_conditioner(
    path: str | os.PathLike[str],
    codec_of: Callable[..., Codec],
    device: str | torch.device | None = None,
) -> Conditioner:
    """Return what makes the condition whose centres lie in a file, or in a folder's file."""
    from vocable.conditions import Conditioner, read_books

    books = read_books(condition_file(path) or path)
    return Conditioner(open_embedding(books.origin.name, codec_of, device), books)


def condition_file(*places: str | os.PathLike[str]) -> Path | None:
    """Return the file of a condition that lies in the first of these folders that has one."""
    files = (Path(place) / FILE for place in places)
    return next((file for file in files if file.is_file()), None)
