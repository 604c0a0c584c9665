"""Name the weights that give codes their meaning, and notice when they are not those any more.

A space, `name@version:digest`, is born when a model is saved and is then carried in its files. What
counts is what makes codes: encoder and quantizer as they are stored, the spec, and what the config
says of either that no weight shows, as how far attention sees. A new decoder keeps the space,
whatever rate it writes.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

from vocable.codecs.model import UNTRAINED, TokenizerModel, untrained
from vocable.nn.walk import every_module
from vocable.quantize import Quantizer
from vocable.weights import digest, stored


def stored_digest(model: TokenizerModel) -> str:
    """Return 16 hex digits over what makes tokens in the model's stored dtype, spec and config.

    Of the spec all counts but the rate that is written, of the config what `encoding_config` gives.
    """
    lean = without_learning(model.quantizer).state_dict()
    tensors = {f"quantizer.{key}": value for key, value in lean.items()}
    tensors |= {f"encoder.{key}": value for key, value in model.encoder.state_dict().items()}
    if model.side_encoder is not None:
        more = model.side_encoder.state_dict()
        tensors |= {f"side_encoder.{key}": value for key, value in more.items()}
    about = asdict(replace(model.spec, space=untrained("any"), out_rate=None))
    if config := encoding_config(model):
        about["config"] = config
    kept = stored(tensors, model.stored_dtype)
    return digest(kept, json.dumps(about, sort_keys=True, default=str))


def encoding_config(model: TokenizerModel) -> dict[str, Any]:
    """Return the values of a model's config that its codes may depend on, usual ones left out.

    A usual value is the default of its field, so that a field that is new changes no older space.
    """
    config = model.config
    if not is_dataclass(config) or isinstance(config, type):
        return {}
    values = asdict(config)
    return {
        field.name: values[field.name]
        for field in fields(config)
        if field.name not in model.not_in_codes and getattr(config, field.name) != field.default
    }


def without_learning(quantizer: Quantizer) -> Quantizer:
    """Return a copy of a quantizer that has only what inference needs."""
    lean = copy.deepcopy(quantizer)
    lean.drop_learning()
    return lean


def keeps_space(model: TokenizerModel) -> bool:
    """Say whether a model still has the encoder and quantizer of the space that it carries."""
    return model.space.rpartition(":")[2] == stored_digest(model)


class Identity:
    """The space of a model in use.

    It is the carried one while the weights are untouched. Weights that were written to, or never
    had a space, are named by what they hold; they are hashed when they have changed only. That is
    seen by torch's own counting of writes: what goes round it, by `tensor.data` or numpy, is not
    noticed.
    """

    def __init__(self, model: TokenizerModel) -> None:
        self._model = model
        self._seen: Any = None
        self._space = ""
        if not model.space.endswith(UNTRAINED):
            self._seen, self._space = self._state(), model.space

    @property
    def space(self) -> str:
        """`name@version:digest`, or `name@0:untrained-digest`."""
        state = self._state()
        if state != self._seen:
            self._space, self._seen = self._found(), state
        return self._space

    def _state(self) -> Any:
        """Return where each tensor that makes codes lies, and how often it was written to."""
        model = self._model
        writes = [
            (tensor.data_ptr(), -1 if tensor.is_inference() else tensor._version)
            for part in (model.encoder, model.quantizer, model.side_encoder)
            if part is not None
            for module in every_module(part)
            for tensors in (module._parameters, module._buffers)
            for tensor in tensors.values()
            if tensor is not None
        ]
        return model.space, model.spec, writes

    def _found(self) -> str:
        if keeps_space(self._model):
            return self._model.space
        return f"{untrained(self._model.name)}-{stored_digest(self._model)}"
