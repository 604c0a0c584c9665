"""Codecs and tokenizers, models of `codecs.registry`: opened to be used or trained further."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vocable.codecs.registry import build_for
from vocable.load.finding import find
from vocable.load.found import Found

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Tokenizer, TokenizerModel


def open_tokenizer(
    found: Found, device: str | torch.device | None, dtype: torch.dtype | None
) -> Tokenizer:
    """Return a tokenizer, or a codec where the model decodes."""
    import torch

    from vocable import weights
    from vocable.codecs import Codec, CodecModel, Tokenizer
    from vocable.nn.settings import plain_settings

    # the first weights are random, which must not move the generator of the program around
    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _untrained(found)
        model.quantizer.drop_learning()
        weights.load_tensors(model, tensors)
        model = model.to(device or "cpu").eval().requires_grad_(False)
        return Codec(model, dtype=dtype) if isinstance(model, CodecModel) else Tokenizer(model)


def load_to_train(name: str | os.PathLike[str]) -> TokenizerModel:
    """Load a model to train it further: its codebooks learn on from what is stored.

    It carries its space until `model.forget_space()`: call that unless encoder and quantizer are
    frozen.
    """
    import torch

    from vocable import weights
    from vocable.codecs.identity import without_learning
    from vocable.nn.settings import plain_settings

    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _untrained(find(name))
        lean = without_learning(model.quantizer).state_dict()
        learning = {
            f"quantizer.{key}": value
            for key, value in model.quantizer.state_dict().items()
            if key not in lean
        }
        weights.load_tensors(model, {**tensors, **learning})
        model.quantizer.resume_learning()
        return model


def _untrained(found: Found) -> tuple[TokenizerModel, Mapping[str, torch.Tensor]]:
    """Return an untrained model that carries its space, and the tensors to put into it."""
    description = found.description
    tensors = found.read()
    model = build_for(description.architecture, description.config, tensors)
    model.space, model.licence = description.space, description.licence
    return model, tensors
