"""Let a model search its residual levels along several paths, for the same tokens' decoder."""

from __future__ import annotations

from typing import TypeVar

from vocable.codecs.model import TokenizerModel
from vocable.codecs.session import evaluation_twin
from vocable.errors import ModelError
from vocable.quantize import ResidualVQ

Model = TypeVar("Model", bound=TokenizerModel)


def beam_model(model: Model, beam: int) -> Model:
    """Return a twin that shares all weights and keeps so many sums after each residual level."""
    twin = evaluation_twin(model)
    parts = [part for part in twin.quantizer.modules() if isinstance(part, ResidualVQ)]
    if not any(len(part.levels) > 1 for part in parts):
        raise ModelError(f"{model.name} has no residual levels to search together; leave out beam")
    for part in parts:
        part.beam = beam
    return twin
