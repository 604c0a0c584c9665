"""Encoders in checkpoints of others: recognised, and read into ours at each load.

Nothing is kept of them, unlike of codecs: one weight is computed, the others are renamed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vocable.codecs.keys.checkpoint import Checkpoint, Layout, Recognised, open_checkpoint
from vocable.errors import ModelError, VocableError
from vocable.units.keys import layouts

if TYPE_CHECKING:
    from vocable.units import EncoderModel

Known = tuple[Checkpoint, Layout, Recognised]


def recognise_encoder(weights: Path) -> Known | None:
    """Return what a checkpoint is read by, or None if no encoder's layout knows it."""
    checkpoint = open_checkpoint(weights)
    for layout in layouts():
        try:
            found = layout.recognise(checkpoint)
        except ModelError as error:
            raise ModelError(f"{checkpoint.path}: {error}") from error
        if found:
            return checkpoint, layout, found
    return None


def read_encoder(known: Known) -> EncoderModel:
    """Return the encoder in a checkpoint; ModelError where keys or shapes do not fit."""
    from vocable.nn.settings import plain_settings
    from vocable.units.registry import build

    checkpoint, layout, recognised = known
    try:
        with plain_settings():
            tensors = layout.read(checkpoint, recognised)
            return build(recognised.architecture, recognised.name, recognised.config, tensors)
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"{checkpoint.path} looks like {recognised.name} ({recognised.layout} layout): {reason}"
        ) from error
