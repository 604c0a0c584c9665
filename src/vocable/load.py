"""Find, load and save models: one loader for all of them.

A name means a model that comes with the package (src/vocable/models/NAME, or NAME@VERSION to be
sure of it), whatever lies in the current folder; a folder of that name is `./NAME`. `owner/name` is
one here, or else, with the extra `hub`, on the model hub. What a folder or file holds is recognised
by the layouts in `codecs/keys`. Listing and describing models loads no torch; nothing in a model's
files is ever run.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vocable.atomic import replacing
from vocable.codecs.keys import LAYOUTS, own
from vocable.codecs.keys.description import Description
from vocable.codecs.registry import architecture_of, build
from vocable.errors import ModelError
from vocable.nearest import listed, nearest

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec, Tokenizer, TokenizerModel

BUNDLED = Path(__file__).parent / "models"
_log = logging.getLogger("vocable")


def models() -> list[Description]:
    """Return the models that come with the package, by name."""
    return [describe(BUNDLED / name) for name in _bundled()]


def is_bundled(name: str) -> bool:
    """Return whether a name, or NAME@VERSION, means a model that comes with the package."""
    return name.partition("@")[0] in _bundled()


def describe(name: str | os.PathLike[str]) -> Description:
    """Return what a model's files say of it, without loading its weights (or torch)."""
    return _find(name)[1]


def load(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Codec:
    """Load a codec: a bundled name, a folder, its weights' file, or `owner/name` on the model hub.

    A bundled name comes before a folder: `./speech-16k` or a Path is always the folder.
    device: where it runs, default the CPU. dtype: what its decoder computes in, fp32 (the default),
    bf16 or fp16; the encoder and the search stay in fp32, so that codes do not depend on it.
    To train a model further see `load_to_train`. Respects `VOCABLE_CACHE`, `HF_HOME` and
    `HF_HUB_OFFLINE`. Raises ModelError for a name, folder or file that is not a model, and for a
    device or dtype that cannot be used.
    """
    tokenizer = load_tokenizer(name, device, dtype)
    from vocable.codecs import Codec

    if not isinstance(tokenizer, Codec):
        raise ModelError(
            f"{tokenizer.name} encodes and does not decode; take vocable.load_tokenizer"
        )
    return tokenizer


def load_tokenizer(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Tokenizer:
    """Load a tokenizer, or a codec where the model decodes; see `load`."""
    import torch

    from vocable.codecs import Codec, CodecModel, Tokenizer
    from vocable.nn.settings import plain_settings

    if device is not None:
        check_device(device)
    # the first weights are random, which must not move the generator of the program around
    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _open(name)
        model.quantizer.drop_learning()
        _load_tensors(model, tensors)
        model = model.to(device or "cpu").eval().requires_grad_(False)
        return Codec(model, dtype=dtype) if isinstance(model, CodecModel) else Tokenizer(model)


def load_to_train(name: str | os.PathLike[str]) -> TokenizerModel:
    """Load a model to train it further: its codebooks learn on from what is stored.

    It carries its space until `model.forget_space()`: call that unless encoder and quantizer are
    frozen.
    """
    import torch

    from vocable.codecs.identity import without_learning
    from vocable.nn.settings import plain_settings

    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _open(name)
        lean = without_learning(model.quantizer).state_dict()
        learning = {
            f"quantizer.{key}": value
            for key, value in model.quantizer.state_dict().items()
            if key not in lean
        }
        _load_tensors(model, {**tensors, **learning})
        model.quantizer.resume_learning()
        return model


def check_device(device: str | torch.device) -> None:
    """Refuse a device that torch cannot use here, in torch's words; it has many ways to say so."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        reason = reason.split(". ")[0].rstrip(".")
        raise ModelError(f"device {device} cannot be used here ({reason}); try cpu") from error


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
    card: the text of CARD.md. facts: more entries for config.json, as licence and training.
    Files that are there are replaced, one by one, the description last. ModelError for a class that
    is not registered, and for weights that are not finite.
    """
    import torch

    from vocable import weights
    from vocable.codecs import TokenizerModel
    from vocable.codecs.identity import keeps_space, stored_digest

    model = model if isinstance(model, TokenizerModel) else model.model
    folder, name = Path(folder), name or model.name
    architecture = architecture_of(model)
    lean = copy.deepcopy(model)
    lean.quantizer.drop_learning()
    space = f"{name}@{version}:{stored_digest(lean)}"
    if keeps_space(model):
        space = model.space
    tensors = weights.stored(lean.state_dict(), model.stored_dtype)
    weights.check_finite(tensors)
    data = weights.serialised(tensors)
    described = {
        "format": own.FORMAT,
        "name": name,
        "version": version,
        "architecture": architecture,
        "config": asdict(model.config),
        "space": space,
        "spec": replace(model.spec, space=space).to_dict(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    text = _as_json(described, facts or {})  # all that may fail comes before the first file
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / own.WEIGHTS, data)
    if card:
        _write(folder / own.CARD, card.encode())
    _write(folder / own.CONFIG, text.encode())
    if model.stored_dtype == torch.float32:  # nothing was rounded: these are the stored weights
        model.space = space
    return space


def _find(name: str | os.PathLike[str]) -> tuple[ModuleType, Description]:
    """Return a model's layout and description: a folder, a file, a bundled or a hub name.

    Raises ModelError with the nearest names for one that nothing here has.
    """
    path = Path(name)
    if isinstance(name, str) and is_bundled(name):
        if (path / own.CONFIG).is_file():
            _log.warning("%s is the model that comes with vocable; the folder is ./%s", name, name)
        return _of_package(name)
    if found := _recognise(path):
        return found
    if path.exists():
        raise ModelError(
            f"{path} is not a model; give a folder with {own.CONFIG} and {own.WEIGHTS}"
        )
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", "~")):
        return _from_hub(str(name))
    hint = nearest(str(name), _bundled(), most=3)
    raise ModelError(f'no codec named "{name}"; {hint} ("vocable models" shows all)')


def _recognise(path: Path) -> tuple[ModuleType, Description] | None:
    for layout in LAYOUTS:
        if found := layout.recognise(path):
            return layout, found
    return None


def _of_package(name: str) -> tuple[ModuleType, Description]:
    name, _, version = name.partition("@")
    found = _recognise(BUNDLED / name)
    assert found is not None
    if version not in ("", found[1].version):
        here = found[1].version
        raise ModelError(f"{name} is here as version {here}, not {version}; load {name}@{here}")
    return found


def _from_hub(name: str) -> tuple[ModuleType, Description]:
    """Fetch `owner/name` or `owner/name@revision`, and recognise what has come."""
    from vocable import weights

    repository, _, revision = name.partition("@")
    for layout in LAYOUTS:
        try:
            files = [weights.fetch(repository, revision or None, file=f) for f in layout.FILES]
        except ModelError as error:
            raise ModelError(
                f"{error}; give a folder instead, or a bundled name: {listed(_bundled())}"
            ) from error
        if found := layout.recognise(files[0].parent):
            return layout, found
    raise ModelError(f"{name} is not in a layout that vocable knows")


def _open(name: str | os.PathLike[str]) -> tuple[TokenizerModel, Mapping[str, torch.Tensor]]:
    """Return an untrained model that carries its space, and the tensors to put into it."""
    layout, description = _find(name)
    model = build(description.architecture, description.config)
    model.space = description.space
    return model, layout.read(description)


def _load_tensors(model: TokenizerModel, tensors: Mapping[str, torch.Tensor]) -> None:
    from vocable import weights

    weights.load_tensors(model, tensors)


def _bundled() -> list[str]:
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{own.CONFIG}"))


def _as_json(described: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    if taken := described.keys() & facts.keys():
        raise ModelError(f"facts may not say {', '.join(sorted(taken))}; the model says it")
    try:
        return json.dumps({**described, **facts}, indent=2, ensure_ascii=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ModelError(f"config and facts must be plain values for JSON ({error})") from error


def _write(path: Path, data: bytes) -> None:
    with replacing(path, overwrite=True) as fresh:
        fresh.write_bytes(data)
