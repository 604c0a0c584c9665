"""Units by their centres: the encoder that these name is made, or found in the folder beside them.

What a centres file says is not believed: the space of the encoder, a digest of its weights, must be
the one that the centres are of.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors

from vocable.codecs.keys.kind import ENDINGS
from vocable.errors import ModelError
from vocable.load.encoders import Known, read_encoder, recognise_encoder
from vocable.load.kind import Kind

if TYPE_CHECKING:
    import torch

    from vocable.units import UnitTokenizer


def is_centres(path: str | os.PathLike[str]) -> bool:
    """Return whether a file holds centres of units; only its header is read."""
    if Path(path).suffix != ".safetensors" or not Path(path).is_file():
        return False
    try:
        with safetensors.safe_open(str(path), framework="numpy") as file:
            return str((file.metadata() or {}).get("format")).startswith("vocable-centres")
    except (safetensors.SafetensorError, OSError):
        return False


def open_units(
    path: str | os.PathLike[str], device: str | torch.device | None = None
) -> UnitTokenizer:
    """Return a tokenizer of centres in a file; ModelError where their encoder is not found."""
    from vocable.units import FeatureEncoder, SignalEncoder, UnitTokenizer, read_centres
    from vocable.units.signal_encoder import SIGNAL_ENCODERS

    centres = read_centres(path)
    wanted = centres.origin.encoder
    if (name := wanted.partition("@")[0]) in SIGNAL_ENCODERS:
        return UnitTokenizer(SignalEncoder(name), centres)
    found = []
    for known in _encoders_beside(Path(path)):
        encoder = FeatureEncoder(read_encoder(known).to(device or "cpu"))
        if encoder.space == wanted:
            return UnitTokenizer(encoder, centres)
        found.append(f"{known[0].path.name} is {encoder.space}")
    raise ModelError(
        f"{path} has centres of layer {centres.origin.layer} of {wanted}, which is not in its "
        f"folder{''.join(f' ({each})' for each in found)}; put them beside its weights"
    )


def _encoders_beside(path: Path) -> Iterator[Known]:
    for file in sorted(path.resolve().parent.iterdir()):
        if file.is_file() and file.suffix in ENDINGS and not is_centres(file):
            with contextlib.suppress(ModelError):  # not a checkpoint, or none of an encoder
                if known := recognise_encoder(file):
                    yield known


KIND: Kind[str | os.PathLike[str]] = Kind(
    lambda place: place.name if is_centres(place.name) else None,
    lambda path, wanted: open_units(path, wanted.device),
)
