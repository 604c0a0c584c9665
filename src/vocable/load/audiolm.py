"""AudioLM's stages in one folder, each a model of its own: semantic, coarse, fine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description
from vocable.conditions.origin import FILE, stated
from vocable.errors import ModelError
from vocable.load.conditions import condition_file, open_conditioner
from vocable.load.language import LanguageDescription
from vocable.load.own_language import LAYOUT, describe_home, is_language, read_home

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec
    from vocable.conditions import Conditioner
    from vocable.language.audiolm import AudioLM

STAGES = ("semantic", "coarse", "fine")


def holds_stages(name: str | os.PathLike[str]) -> bool:
    """Return whether a folder has AudioLM's stages in it."""
    return all((Path(name) / stage / own.CONFIG).is_file() for stage in STAGES)


def describe_stages(folder: Path) -> LanguageDescription:
    """Return what the files of a folder of stages say of them together."""
    found = {stage: describe_home(_described(folder / stage)) for stage in STAGES}
    coarse, fine = found["coarse"].abilities, found["fine"].abilities
    file = _condition_file(folder)
    text = "a description" if file and stated(file)[0].text else "none"
    able = replace(coarse, clones=True, levels=coarse.levels + fine.levels, text=text)
    return LanguageDescription(
        folder.name, folder, "audiolm", LAYOUT, able, found["coarse"].licence
    )


def read_stages(
    folder: Path,
    open_tokenizer: Callable[[str, Any], Any],
    codec_of: Callable[..., Codec],
    device: str | torch.device | None = None,
    weights: torch.dtype | None = None,
) -> AudioLM:
    """Return the model of a folder of stages, with the tokenizers whose tokens they model."""
    from vocable.codecs.bundle import Bundle
    from vocable.language.audiolm import AudioLM

    stages: dict[str, Any] = {}
    for stage in STAGES:
        described = _described(folder / stage)
        stages[stage] = read_home(described, lambda *_: _no_codec(), device, None, weights)
    semantic, coarse = (stages[stage].network.config.target for stage in ("semantic", "coarse"))
    opened = {
        part.track: open_tokenizer(part.tokens.space.partition(":")[0], device)
        for part in (semantic, coarse)
    }
    for part in (semantic, coarse):
        if not opened[part.track].spec.same_codes(part.tokens):
            raise ModelError(
                f"{folder} models tokens of {part.tokens.space}, and what is here gives "
                f"{opened[part.track].spec.space}"
            )
    reads = any(stages[stage].network.config.condition for stage in STAGES)
    conditions = _conditioner(folder, codec_of, device) if reads else None
    return AudioLM(folder.name, stages, Bundle(opened), opened[coarse.track], conditions)


def _conditioner(
    folder: Path, codec_of: Callable[..., Codec], device: str | torch.device | None
) -> Conditioner:
    """Return what makes the condition, by its file beside the stages or in one of them."""
    if (file := _condition_file(folder)) is None:
        raise ModelError(
            f"{folder} reads a condition and has no {FILE}; copy it from the set of tokens that "
            "it was trained on"
        )
    return open_conditioner(file, codec_of, device)


def _condition_file(folder: Path) -> Path | None:
    return condition_file(folder, *(folder / stage for stage in STAGES))


def _described(folder: Path) -> Description:
    found = own.recognise(folder)
    assert found is not None, "holds_stages was asked"
    if not is_language(found):
        raise ModelError(f"{folder} is a model of {found.architecture}, and no stage of tokens")
    return found


def _no_codec() -> Any:
    raise ModelError("the stages share one")
