"""Encoders in checkpoints of others: recognised, and read into ours at each load.

Nothing is kept of them, unlike of codecs: one weight is computed, the others are renamed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vocable.codecs.keys.checkpoint import Checkpoint, Layout, Recognised
from vocable.errors import ModelError, VocableError
from vocable.load.entries import check_entry
from vocable.load.kind import Kind, Place, Rows, Wanted
from vocable.load.recognising import recognised
from vocable.units.keys import layouts

if TYPE_CHECKING:
    from vocable.codecs.published import Entry
    from vocable.units import EncoderModel, FeatureEncoder

Known = tuple[Checkpoint, Layout, Recognised]


@dataclass(frozen=True)
class EncoderDescription:
    """What a checkpoint says of an encoder.

    layout      whose keys it has
    frame, window   samples at `rate` from one frame to the next, and those that a frame is made of
    layers, channels    its blocks, and the channels of the last one's frames
    normalize   whether recordings are brought to mean 0 and variance 1 first
    licence     of the weights; empty where nothing says it
    """

    kind: ClassVar[str] = "encoder"
    name: str
    path: Path
    layout: str
    rate: int
    frame: int
    window: int
    layers: int
    channels: int
    normalize: bool
    licence: str

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self) | {"path": str(self.path)}

    @property
    def rows(self) -> Rows:
        """All of it as lines."""
        frames = f"{self.rate / self.frame:g}/s of {self.rate} Hz"
        rows = [
            ("encoder", f"of features, {self.layout} layout"),
            ("frames", f"{frames}, {self.window} samples each"),
            ("layers", f"1 to {self.layers}, of {self.channels} channels"),
            ("input", "normalised" if self.normalize else "as it is"),
        ]
        return rows + ([("licence", self.licence)] if self.licence else [])


def recognise_encoder(weights: Path) -> Known | None:
    """Return what a checkpoint is read by, or None if no encoder's layout knows it."""
    return recognised(weights, layouts())


def read_encoder(known: Known) -> EncoderModel:
    """Return the encoder in a checkpoint; ModelError where keys or shapes do not fit."""
    from vocable.nn.settings import plain_settings
    from vocable.units.registry import build

    checkpoint, layout, found = known
    try:
        with plain_settings():
            tensors = layout.read(checkpoint, found)
            return build(found.architecture, found.name, found.config, tensors)
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"{checkpoint.path} looks like {found.name} ({found.layout} layout): {reason}"
        ) from error


def describe_encoder(known: Known, licence: str) -> EncoderDescription:
    """Return what a checkpoint says of its encoder, whose weights are not read."""
    from vocable.units.registry import outline

    checkpoint, _, found = known
    try:
        made = outline(found.architecture, found.name, found.config)
    except ModelError as error:
        raise ModelError(f"{checkpoint.path}: {error}") from error
    return EncoderDescription(
        found.name, checkpoint.path, found.layout, made.rate, made.hop, made.window, made.layers,
        made.channels(made.layers), made.normalize, licence,
    )  # fmt: skip


def _recognise(place: Place) -> tuple[Known, Entry | None] | None:
    """Return what a checkpoint is read by, and its entry if it is published."""
    source = place.theirs
    known = recognise_encoder(source.weights) if source else None
    return (known, source.entry) if source and known else None


def _open(found: tuple[Known, Entry | None], wanted: Wanted) -> FeatureEncoder:
    import torch

    from vocable.units import FeatureEncoder

    known, entry = found
    licence = check_entry(known[2], entry)
    if wanted.dtype not in (None, torch.float32):
        raise ModelError(
            f"{known[2].name} computes its features in torch.float32, so that units do not depend "
            f"on the dtype; leave {wanted.dtype} out"
        )
    return FeatureEncoder(read_encoder(known).to(wanted.device or "cpu"), licence)


def _describe(found: tuple[Known, Entry | None]) -> EncoderDescription:
    known, entry = found
    return describe_encoder(known, check_entry(known[2], entry))


KIND = Kind(_recognise, _open, _describe)
