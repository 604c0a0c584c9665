"""Language models of transformers that are fine-tuned: found, in which precision, and written."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from vocable.atomic import replacing
from vocable.load.finding import Source, locate
from vocable.load.language import KnownLanguage, recognise_language
from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.train import bf16

_log = logging.getLogger(__name__)
_FILE = "model.safetensors"
_SMALL = 64 << 20  # bytes of a file beside the weights that is copied with them
TEXT = 4.0  # ids of text a second, at most: fast speech has three words, of 1.3 ids each


def checkpoint_of(name: str, family: str) -> KnownLanguage | None:
    """Return the checkpoint of a model; None for one of another family, or of none."""
    where = locate(name)
    known = recognise_language(where.weights) if isinstance(where, Source) else None
    return known if known is not None and known.found.architecture == family else None


def fastest() -> torch.device:
    """Return the device that a run takes by itself."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def frozen_dtype(recipe: FinetuneRecipe, device: torch.device) -> torch.dtype:
    """Return what weights are in: bf16 where they stay as they are, and where it is fast."""
    if recipe.precision == "fp32" or recipe.tuning.method == "full":
        return torch.float32
    if why := bf16.why_not(device):
        _log.info("weights are kept in fp32: %s", why)
        return torch.float32
    return torch.bfloat16


def write_whole(
    tensors: dict[str, Tensor], source: KnownLanguage, folder: Path, dtype: torch.dtype
) -> None:
    """Write a model in transformers' layout, with the small files of where it came from.

    dtype: what its config.json says that it is in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / _FILE, overwrite=True) as fresh:
        mode = fresh.stat().st_mode
        save_file(tensors, fresh, metadata={"format": "pt"})
        fresh.chmod(mode)  # it would be readable to its owner only
    for path in source.checkpoint.path.parent.iterdir():
        if _goes_along(path):
            with replacing(folder / path.name, overwrite=True) as fresh:
                shutil.copyfile(path, fresh)
    precision = str(dtype).removeprefix("torch.")
    with replacing(folder / "config.json", overwrite=True) as fresh:
        stated = {**source.checkpoint.config, "dtype": precision}
        fresh.write_text(json.dumps(stated, indent=2) + "\n", "utf-8")


def _goes_along(path: Path) -> bool:
    """Whether a file beside the weights is about text or generating, not weights."""
    about = path.suffix in (".json", ".jinja", ".model", ".txt") and "index" not in path.name
    return path.is_file() and about and path.name != "config.json" and path.stat().st_size < _SMALL
