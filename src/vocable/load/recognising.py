"""Find the layout of a checkpoint of others among those that know one kind of model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vocable.codecs.keys.checkpoint import Checkpoint, Layout, Recognised, open_checkpoint
from vocable.errors import ModelError


def recognised(
    weights: Path, layouts: Iterable[Layout]
) -> tuple[Checkpoint, Layout, Recognised] | None:
    """Return what a checkpoint is read by, or None if none of the layouts knows it.

    ModelError names the file where a layout knows it, and refuses it.
    """
    checkpoint = open_checkpoint(weights)
    for layout in layouts:
        try:
            found = layout.recognise(checkpoint)
        except ModelError as error:
            raise ModelError(f"{checkpoint.path}: {error}") from error
        if found:
            return checkpoint, layout, found
    return None
