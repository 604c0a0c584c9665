"""Which published model has these sizes, where a file does not say its rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vocable.errors import ModelError


def with_rate(
    family: str, makers: Sequence[Callable[[], Any]], sizes: Mapping[str, Any], stated: Any,
    path: Path,
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    """Return the name of the published model with these sizes, else the family's, and all values.

    makers: give the published configs; the first says what all others have. stated: what is said of
    the rate beside the file at `path`, None where nothing is. ModelError for sizes of no published
    model where it is None.
    """
    for make in makers:
        config = make()
        if config == replace(config, **sizes) and stated in (None, config.rate):
            return make.__name__, asdict(config)
    if stated is None:
        raise ModelError(
            f"{path} has the sizes of no published {family} and states no rate; put a "
            'config.json with "sampling_rate" in Hz beside it'
        )
    return family.lower(), asdict(replace(makers[0](), **sizes)) | {"rate": stated}
