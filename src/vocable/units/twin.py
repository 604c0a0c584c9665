"""An encoder as it is used: a twin that shares its weights and keeps what it makes of them."""

from __future__ import annotations

from typing import Any

from vocable.codecs.session import evaluation_twin
from vocable.nn.packed import BrieflyPackedWeight
from vocable.units.encoder import EncoderModel
from vocable.units.positions import KeptSpectrum


def twin_of(model: EncoderModel) -> tuple[EncoderModel, list[Any]]:
    """Return a twin in evaluation mode, and all that keeps what it makes of weights."""
    twin, kept = evaluation_twin(model), []
    for module in twin.modules():
        for name, kind in (("packed", BrieflyPackedWeight), ("kept", KeptSpectrum)):
            if hasattr(module, name):
                own = kind()
                module.__dict__[name] = own  # nn.Module's own way is for tensors and modules
                kept.append(own)
    return twin, kept
