"""Write a model as a folder that `load` reads."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.atomic import replacing
from vocable.codecs.keys import own
from vocable.codecs.registry import architecture_of
from vocable.errors import ModelError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from vocable.codecs import Tokenizer, TokenizerModel


@dataclass(frozen=True)
class Stored:
    """A model as its files hold it."""

    facts: Mapping[str, Any]
    weights: bytes

    def write(self, folder: Path, card: str = "") -> None:
        """Write the files into a folder, one by one over what is there, the description last."""
        text = _as_json(self.facts)  # all that may fail comes before the first file
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / own.WEIGHTS, self.weights)
        if card:
            _write(folder / own.CARD, card.encode())
        _write(folder / own.CONFIG, text.encode())


def save_model(
    model: TokenizerModel | Tokenizer,
    folder: str | os.PathLike[str],
    *,
    name: str | None = None,
    version: str = "1",
    card: str = "",
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Write a model to a folder that `load` reads, weights in its stored dtype; return its space.

    The space is born here, from encoder and quantizer as they are stored: `name@version:digest`. A
    model that still has the encoder and quantizer of the space that it carries keeps that space.
    One that is stored as it is, in fp32, carries the new space from then on.
    card: the text of CARD.md. facts: more entries for config.json, as licence and training. Without
    a licence among them that of the files that the model came from is carried on.
    Files that are there are replaced, one by one, the description last. ModelError for a class that
    is not registered, and for weights that are not finite.
    """
    import torch

    from vocable.codecs import TokenizerModel
    from vocable.codecs.identity import keeps_space, stored_digest

    model = model if isinstance(model, TokenizerModel) else model.model
    name = name or model.name
    lean = copy.deepcopy(model)
    lean.quantizer.drop_learning()
    space = f"{name}@{version}:{stored_digest(lean)}"
    if keeps_space(model):
        space = model.space
    carried = {"licence": model.licence} if model.licence else {}
    stored_form(lean, space, name, version, {**carried, **(facts or {})}).write(Path(folder), card)
    if model.stored_dtype == torch.float32:  # nothing was rounded: these are the stored weights
        model.space = space
    return space


def stored_form(
    lean: TokenizerModel, space: str, name: str, version: str, facts: Mapping[str, Any]
) -> Stored:
    """Return a model that has no learning aids as its files will hold it."""
    stated = {
        "name": name,
        "version": version,
        "architecture": architecture_of(lean),
        "config": asdict(lean.config),
        "space": space,
        "spec": replace(lean.spec, space=space).to_dict(),
    }
    return stored(lean, lean.stored_dtype, stated, facts)


def stored(
    network: nn.Module, dtype: torch.dtype, stated: Mapping[str, Any], facts: Mapping[str, Any]
) -> Stored:
    """Return a network as its files will hold it; facts may not say what is said of it already."""
    from vocable import weights

    tensors = weights.stored(network.state_dict(), dtype)
    weights.check_finite(tensors)
    data = weights.serialised(tensors)
    described = {"format": own.FORMAT, **stated, "sha256": hashlib.sha256(data).hexdigest()}
    if taken := described.keys() & facts.keys():
        raise ModelError(f"facts may not say {', '.join(sorted(taken))}; the model says it")
    return Stored({**described, **facts}, data)


def _as_json(facts: Mapping[str, Any]) -> str:
    try:
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ModelError(f"config and facts must be plain values for JSON ({error})") from error


def _write(path: Path, data: bytes) -> None:
    with replacing(path, overwrite=True) as fresh:
        fresh.write_bytes(data)
