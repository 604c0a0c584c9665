"""Find, load and save models: a folder with `config.json`, `model.safetensors` and `CARD.md`.

A name means a model that comes with the package (src/vocable/models/NAME, or NAME@VERSION to be
sure of it), or `owner/name` on the model hub. Listing and describing models loads no torch; nothing
in a model's folder is ever run.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.atomic import replacing
from vocable.errors import ModelError
from vocable.nearest import nearest

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec

FORMAT = 1  # of config.json
BUNDLED = Path(__file__).parent / "models"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
_NEEDED = {"name": str, "version": str, "architecture": str, "config": dict, "space": str}


@dataclass(frozen=True)
class Description:
    """What a model's folder says of it."""

    folder: Path
    facts: Mapping[str, Any]  # config.json

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.facts["name"])

    @property
    def space(self) -> str:
        """The space of its tokens, `name@version:digest`."""
        return str(self.facts["space"])

    @property
    def card(self) -> str:
        """The text of its model card; empty where it has none."""
        path = self.folder / "CARD.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def models() -> list[Description]:
    """Return the models that come with the package, by name."""
    return [describe(path.parent) for path in sorted(BUNDLED.glob(f"*/{CONFIG}"))]


def describe(name: str | os.PathLike[str]) -> Description:
    """Return what a model's folder says of it, without loading its weights (or torch)."""
    folder = find(name)
    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{folder / CONFIG} is no JSON ({error}); fetch it again") from error
    _check_facts(folder / CONFIG, facts)
    return Description(folder, facts)


def find(name: str | os.PathLike[str]) -> Path:
    """Return the folder of a model: a bundled name, a folder, its weights' file, or a hub name.

    Raises ModelError with the nearest names for one that nothing here has.
    """
    path = Path(name)
    if path.is_file() and path.name == WEIGHTS:
        path = path.parent
    if (path / CONFIG).is_file():
        return path
    model, _, version = str(name).partition("@")
    if model in _bundled():
        _check_version(model, version)
        return BUNDLED / model
    if path.exists():
        raise ModelError(f"{path} is no model; give a folder with {CONFIG} and {WEIGHTS}")
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", "~")):
        return _fetch(str(name))
    hint = nearest(str(name), _bundled(), most=3)
    raise ModelError(f'no codec named "{name}"; {hint} ("vocable models" shows all)')


def load(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Codec:
    """Load a codec: a bundled name, a folder, its weights' file, or `owner/name` on the model hub.

    device: where it runs, default the CPU. dtype: what its decoder computes in, fp32 (the default),
    bf16 or fp16; the encoder and the search stay in fp32, so that codes do not depend on it.
    The codec is ready for use, not for training (see `load_to_train`). Respects `VOCABLE_CACHE`,
    `HF_HOME` and `HF_HUB_OFFLINE`. Raises ModelError for a name, folder or file that is no model,
    and for a device or dtype that cannot be used.
    """
    from vocable.codecs import drop_learning

    if device is not None:
        check_device(device)
    precision = _precision(dtype)
    codec, tensors = _open(describe(name))
    drop_learning(codec.quantizer)
    _fill(codec, tensors)
    codec.precision = precision
    return codec.to(device or "cpu").eval().requires_grad_(False)


def check_device(device: str | torch.device) -> None:
    """Refuse a device that torch cannot use here, in torch's words; it has many ways to say so."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = _first_line(error).split(". ")[0].rstrip(".")
        raise ModelError(f"device {device} cannot be used here ({reason}); try cpu") from error


def load_to_train(name: str | os.PathLike[str]) -> Codec:
    """Load a codec to train it further: its codebooks learn on from what is stored.

    It carries its space until `codec.forget()`: call that unless encoder and quantizer are frozen.
    """
    from vocable.codecs import drop_learning
    from vocable.quantize import ResidualVQ

    codec, tensors = _open(describe(name))
    own = codec.state_dict()
    stored = drop_learning(copy.deepcopy(codec.quantizer)).state_dict()
    learning = {key for key in own if key.startswith("quantizer.")}
    learning -= {f"quantizer.{key}" for key in stored}
    _fill(codec, {**tensors, **{key: own[key] for key in learning}})
    for part in codec.quantizer.modules():
        if isinstance(part, ResidualVQ):
            part.start_from = None
    return codec


def build(architecture: str, config: Mapping[str, Any]) -> Codec:
    """Return an untrained codec; see `vocable.codecs.build`."""
    from vocable.codecs import build as make

    return make(architecture, config)


def save_model(
    codec: Codec,
    folder: str | os.PathLike[str],
    *,
    name: str | None = None,
    version: str = "1",
    card: str = "",
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Write a codec to a folder that `load` reads, weights in half precision; return its space.

    The space is born here, from encoder and quantizer as they are stored: `name@version:digest`. A
    codec that still has the encoder and quantizer of the space that it carries keeps that space.
    card: the text of CARD.md. facts: more entries for config.json, as licence and training.
    Files that are there are replaced, one by one, the description last.
    """
    from vocable import weights
    from vocable.codecs import drop_learning

    folder, name = Path(folder), name or codec.name
    lean = copy.deepcopy(codec)
    drop_learning(lean.quantizer)
    space = f"{name}@{version}:{lean.digest()}"
    if codec.space.rpartition(":")[2] == lean.digest():
        space = codec.space
    tensors = weights.halved(lean.state_dict())
    weights.check_finite(tensors)
    folder.mkdir(parents=True, exist_ok=True)
    weights.write(folder / WEIGHTS, tensors)
    told = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "architecture": codec.architecture,
        "config": asdict(codec.config),
        "space": space,
        "spec": replace(codec.spec, space=space).to_dict(),
        "sha256": weights.file_hash(folder / WEIGHTS),
        **(facts or {}),
    }
    if card:
        _write(folder / "CARD.md", card)
    _write(folder / CONFIG, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return space


def _bundled() -> list[str]:
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{CONFIG}"))


def _bundled_text() -> str:
    return ", ".join(_bundled()) or "none"


def _open(told: Description) -> tuple[Codec, dict[str, torch.Tensor]]:
    from vocable import weights

    codec = build(told.facts["architecture"], told.facts["config"])
    codec.space = told.space
    return codec, weights.read(told.folder / WEIGHTS, sha256=told.facts.get("sha256"))


def _fill(codec: Codec, tensors: Mapping[str, torch.Tensor]) -> None:
    from vocable import weights

    weights.fill(codec, tensors)


def _fetch(name: str) -> Path:
    """Return the local copy of `owner/name` or `owner/name@revision` on the model hub."""
    from huggingface_hub import snapshot_download

    told = os.environ.get("VOCABLE_CACHE")
    repository, _, revision = name.partition("@")
    try:
        folder = snapshot_download(
            repository,
            revision=revision or None,
            allow_patterns=[CONFIG, WEIGHTS, "CARD.md"],
            cache_dir=Path(told) / "hub" if told else None,
        )
    except Exception as error:  # the hub's client raises what its transport raises
        raise ModelError(
            f"{name} cannot be fetched from the model hub ({_first_line(error)}); give a folder "
            f"instead, or a bundled name: {_bundled_text()}"
        ) from error
    if not (Path(folder) / CONFIG).is_file():
        raise ModelError(f"{name} has no {CONFIG}, so it is no model of vocable's")
    return Path(folder)


def _check_version(model: str, wanted: str) -> None:
    there = describe(BUNDLED / model).facts["version"]
    if wanted not in ("", there):
        raise ModelError(f"{model} is here as version {there}, not {wanted}; load {model}@{there}")


def _precision(dtype: torch.dtype | None) -> torch.dtype | None:
    """Return what the decoder is lowered to: nothing where it stays in fp32."""
    import torch

    if dtype in (None, torch.float32):
        return None
    if dtype not in (torch.bfloat16, torch.float16):
        raise ModelError(
            f"dtype is {dtype}; a decoder computes in torch.float32, torch.bfloat16 or "
            "torch.float16"
        )
    return dtype


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _check_facts(path: Path, facts: Any) -> None:
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise ModelError(f'{path} describes no model: it has no "format"; give another folder')
    if facts["format"] > FORMAT:
        raise ModelError(
            f"{path} has format {facts['format']} but this vocable reads {FORMAT}; upgrade vocable"
        )
    for key, kind in _NEEDED.items():
        if not isinstance(facts.get(key), kind):
            raise ModelError(f'{path} needs "{key}" ({kind.__name__}), got {facts.get(key)!r}')


def _write(path: Path, text: str) -> None:
    with replacing(path, overwrite=True) as fresh:
        fresh.write_text(text, encoding="utf-8")
