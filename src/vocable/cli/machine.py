"""Open a codec for a command; a wrong name, folder, device or number of levels is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vocable.cli.refusal import Refusal, sentence
from vocable.errors import ModelError, TokenError

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.tokens import TokenSpec


def open_codec(name: str, device: str | None, threads: int | None) -> Codec:
    """Return a codec by name or folder, on a device (None: the CPU), with so many CPU threads."""
    torch = _torch()
    import vocable

    if device is not None:
        check_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        return vocable.load(name, device=device)
    except (ModelError, OSError) as error:
        raise Refusal(sentence(error)) from error


def _torch() -> Any:
    """Import torch so that its threads give their core away while they wait.

    By default they spin: beside other work, two of them encode 5 × real time where one encodes
    60 ×. Like this they encode 55 ×.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded
    import torch

    return torch


def check_device(name: str) -> None:
    """Refuse a device that torch cannot use here."""
    _torch()
    from vocable.load import check_device as check

    try:
        check(name)
    except ModelError as error:
        raise Refusal(f"--{sentence(error)}") from error


class Codecs:
    """The codecs that token files ask for, each opened once; or the one that --codec names."""

    def __init__(self, named: str | None, device: str | None, threads: int | None) -> None:
        if device is not None:
            check_device(device)
        self._place = device, threads
        self._named = open_codec(named, *self._place) if named is not None else None
        self._by_name: dict[str, Codec] = {}

    def of(self, path: str) -> Codec:
        """Return the codec for a token file; ModelError where its own is not here."""
        from vocable.tokens import TokenFile

        with TokenFile(path) as file:
            return self.for_spec(next(iter(file.tracks.values())).spec)

    def for_spec(self, spec: TokenSpec) -> Codec:
        """Return the codec for tokens: the one that --codec names, or the one that they name."""
        if self._named is not None:
            return self._named
        if spec.name not in self._by_name:
            self._by_name[spec.name] = self._own(spec)
        return self._by_name[spec.name]

    def _own(self, spec: TokenSpec) -> Codec:
        """Open the model of the package that tokens name.

        Nothing else: a file from anywhere must not choose a folder here, or a repository to fetch.
        """
        from vocable.load import models

        for model in models():
            if model.folder.name == spec.name:
                return open_codec(str(model.folder), *self._place)
        raise ModelError(
            f"tokens come from {spec.space}, which does not come with vocable; give its name or "
            "folder with --codec"
        )


def check_levels(spec: TokenSpec, levels: int | None) -> None:
    """Refuse a number of levels that the codec's tokens have no meaning for."""
    try:
        spec.check_levels(levels)
    except TokenError as error:
        raise Refusal(f"--{sentence(error)}") from error
