"""Language models of transformers that are fine-tuned: found, in which precision, and written."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from vocable.atomic import replacing
from vocable.errors import RecipeError
from vocable.language.adapting import adapter_places
from vocable.language.generator import Generator
from vocable.language.registry import FAMILIES, outline
from vocable.load import load, load_codec
from vocable.load.finding import Source, locate
from vocable.load.language import KnownLanguage, recognise_language
from vocable.nn.settings import without_memory
from vocable.speak.finetune.memory import needed
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.speak.finetune.task import what_learns
from vocable.speak.finetune.trained import parts
from vocable.train import bf16

_log = logging.getLogger(__name__)
_FILE = "model.safetensors"
_SMALL = 64 << 20  # bytes of a file beside the weights that is copied with them
TEXT = 4.0  # ids of text a second, at most: fast speech has three words, of 1.3 ids each


@dataclass(frozen=True)
class Pretrained:
    """The models of a family, by its name in `language.registry`; a model by what load takes."""

    family: str

    def is_own(self, name: str) -> bool:
        """Whether a model is of the family; ModelError for what is not a model at all."""
        return self._checkpoint(name) is not None

    def find(self, name: str) -> KnownLanguage:
        """Return the checkpoint of a model; RecipeError for one of another family."""
        known = self._checkpoint(name)
        if known is None:
            raise RecipeError(
                f"{name} is not of the family {FAMILIES[self.family].written}; name a model that "
                "is, or take the preset of its own"
            )
        return known

    def load(self, recipe: FinetuneRecipe, codec: str) -> Any:
        """Return a recipe's model, ready for an adapter or to be trained.

        codec: the name of one, for a model that has none among its files.
        """
        name = recipe.check_model()
        self.find(name)
        generator: Generator = load(name, dtype=frozen_dtype(recipe, fastest()))
        if generator.codec is None:
            generator.attach(load_codec(codec))
        return generator

    def plan(
        self, recipe: FinetuneRecipe, device: torch.device, run: Callable[[Any], Tensor]
    ) -> Plan:
        """Return what a run will do, by a network that has no weights.

        run: runs the longest batch that may come, on the meta device.
        """
        known = self.find(recipe.check_model())
        network = outline(known.found).to(frozen_dtype(recipe, device)).requires_grad_(False)
        weights = sum(weight.numel() for weight in network.parameters())
        with without_memory():
            learning = what_learns(network, adapter_places(network), recipe.tuning)
        return Plan(recipe, tuple(parts(learning)), weights, needed(network, lambda: run(network)))

    def _checkpoint(self, name: str) -> KnownLanguage | None:
        where = locate(name)
        known = recognise_language(where.weights) if isinstance(where, Source) else None
        own = known is not None and known.found.architecture == self.family
        return known if own else None


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
