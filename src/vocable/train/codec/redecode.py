"""Give a codec another decoder: its tokens keep their meaning, so that what is encoded stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from torch import Tensor

from vocable.codecs import TokenizerModel, build
from vocable.codecs.identity import encoding_config
from vocable.codecs.registry import architecture, architecture_of
from vocable.errors import RecipeError
from vocable.nearest import listed

_log = logging.getLogger(__name__)


def with_decoder(model: TokenizerModel, kind: str, changes: Mapping[str, Any]) -> TokenizerModel:
    """Return a model whose config has these values too; it encodes as `model` does.

    kind: an architecture whose config is one of `model`'s and more; empty: the model's own.
    Weights of the decoder that fit nowhere are left out, and those that are new begin untrained;
    a line of the log names them. Raises RecipeError for values that change the encoder, the
    quantizer or anything else beside the decoder.
    """
    kind = kind or architecture_of(model)
    if not issubclass(architecture(kind).config, type(model.config)):
        raise RecipeError(
            f'codec.architecture "{kind}" has no decoder for what {model.name} encodes; leave it '
            f"out to have that of {architecture_of(model)}"
        )
    made = build(kind, {**asdict(model.config), **changes})
    made.space, made.licence = model.space, model.licence
    made.quantizer.resume_learning()
    old, new = model.state_dict(), made.state_dict()
    fitting = {key: old[key] for key in new if _fits(old, new, key)}
    fresh = [key for key in new if key not in fitting]
    _check_decoder_only(model, made, [*fresh, *(key for key in old if key not in fitting)])
    made.load_state_dict({**new, **fitting})
    _check_same_encoding(model, made)
    _log.info(
        "%d of %d tensors of the decoder begin untrained%s",
        len(fresh),
        sum(key.startswith("decoder.") for key in new),
        f": {listed(fresh)}" if fresh else "",
    )
    return made


def _fits(old: Mapping[str, Tensor], new: Mapping[str, Tensor], key: str) -> bool:
    return key in old and old[key].shape == new[key].shape


def _check_decoder_only(old: TokenizerModel, new: TokenizerModel, keys: list[str]) -> None:
    """Refuse tensors that fit nowhere, if not of the decoder; and another kind of tokens."""
    for key in keys:
        if not key.startswith("decoder."):
            raise RecipeError(
                f"codec.config makes {key} another tensor than {old.name} has; with codec.start "
                "it may change the decoder only"
            )
    if not old.spec.same_codes(replace(new.spec, space=old.spec.space)):
        raise RecipeError(
            f"codec.config makes other tokens than {old.name} has; with codec.start it may change "
            "the decoder only"
        )


def _check_same_encoding(old: TokenizerModel, new: TokenizerModel) -> None:
    """Refuse a config by which the same weights may encode otherwise."""
    before, after = encoding_config(old), encoding_config(new)
    if changed := [key for key in before | after if before.get(key) != after.get(key)]:
        raise RecipeError(
            f"codec.config changes {listed(changed)}, on which codes of {old.name} depend; with "
            "codec.start it may change the decoder only"
        )
