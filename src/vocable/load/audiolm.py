"""AudioLM's stages in one folder, each a model of its own: semantic, coarse, fine.

A folder may say more of them together in a config.json of its own, as one that comes with the
package does: its name, its version and its licence.
"""

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
from vocable.load.bundled import describe_bundled, is_bundled
from vocable.load.conditions import condition_file, open_conditioner
from vocable.load.kind import Kind
from vocable.load.language import LanguageDescription
from vocable.load.own_language import LAYOUT, describe_home, is_language, read_home

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec
    from vocable.conditions import Conditioner
    from vocable.language.audiolm import AudioLM

ARCHITECTURE = "audiolm"
STAGES = ("semantic", "coarse", "fine")


def is_staged(description: Any) -> bool:
    """Return whether a description is of a folder of stages."""
    return isinstance(description, Description) and description.architecture == ARCHITECTURE


def stages_of(name: str | os.PathLike[str]) -> Path | None:
    """Return the folder of stages that a name means; None for a name that means another model.

    ModelError where one of the stages of such a folder is missing.
    """
    bundled = isinstance(name, str) and is_bundled(name)
    folder = describe_bundled(str(name)).folder if bundled else Path(name)
    missing = [stage for stage in STAGES if not (folder / stage / own.CONFIG).is_file()]
    if missing and is_staged(own.recognise(folder)):
        raise ModelError(f"{folder} lacks the stage {missing[0]}; copy all of it")
    return None if missing else folder


def describe_stages(folder: Path) -> LanguageDescription:
    """Return what the files of a folder of stages say of them together."""
    found = {stage: describe_home(_described(folder / stage)) for stage in STAGES}
    coarse, fine = found["coarse"].abilities, found["fine"].abilities
    file = _condition_file(folder)
    text = "a description" if file and stated(file)[0].text else "none"
    able = replace(coarse, clones=True, levels=coarse.levels + fine.levels, text=text)
    name, licence = _stated(folder)
    licence = licence or found["coarse"].licence
    return LanguageDescription(name, folder, ARCHITECTURE, LAYOUT, able, licence)


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
    name, licence = _stated(folder)
    return AudioLM(name, stages, Bundle(opened), opened[coarse.track], conditions, licence=licence)


def _stated(folder: Path) -> tuple[str, str]:
    """Return the name and the licence that a folder states of its stages together."""
    about = own.recognise(folder)
    return (f"{about.name}@{about.version}", about.licence) if about else (folder.name, "")


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
    assert found is not None, "stages_of was asked"
    if not is_language(found):
        raise ModelError(f"{folder} is a model of {found.architecture}, and no stage of tokens")
    return found


def _no_codec() -> Any:
    raise ModelError("the stages share one")


KIND = Kind(
    lambda place: stages_of(place.name),
    lambda folder, wanted: read_stages(
        folder, wanted.tokenizer_of, wanted.codec_of, wanted.device, wanted.weights
    ),
    describe_stages,
    (ARCHITECTURE,),
    does="models tokens",
)
