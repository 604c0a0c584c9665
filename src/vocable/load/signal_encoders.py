"""MFCC and log-mels, encoders that have no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vocable.load.kind import Kind, Place, Wanted

if TYPE_CHECKING:
    from vocable.units import SignalEncoder


def _recognise(place: Place) -> str | None:
    from vocable.units.signal_encoder import SIGNAL_ENCODERS

    return str(place.name) if place.name in SIGNAL_ENCODERS else None


def _open(name: str, wanted: Wanted) -> SignalEncoder:
    from vocable.units.signal_encoder import SignalEncoder

    return SignalEncoder(name)


KIND = Kind(_recognise, _open)
