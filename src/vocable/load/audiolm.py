"""AudioLM's stages in one folder, each a model of its own: semantic, coarse, fine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys import own
from vocable.errors import ModelError
from vocable.load.own_language import read_home

if TYPE_CHECKING:
    import torch

    from vocable.language.audiolm import AudioLM

STAGES = ("semantic", "coarse", "fine")


def holds_stages(name: str | os.PathLike[str]) -> bool:
    """Return whether a folder has AudioLM's stages in it."""
    return all((Path(name) / stage / own.CONFIG).is_file() for stage in STAGES)


def read_stages(
    folder: Path,
    open_tokenizer: Callable[[str, Any], Any],
    device: str | torch.device | None = None,
    weights: torch.dtype | None = None,
) -> AudioLM:
    """Return the model of a folder of stages, with the tokenizers whose tokens they model."""
    from vocable.codecs.bundle import Bundle
    from vocable.language.audiolm import AudioLM

    stages = {}
    for stage in STAGES:
        description = own.recognise(folder / stage)
        assert description is not None, "holds_stages was asked"
        made = read_home(description, lambda *_: _no_codec(), device, None, weights)
        stages[stage] = made
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
    return AudioLM(folder.name, stages, Bundle(opened), opened[coarse.track])


def _no_codec() -> Any:
    raise ModelError("the stages share one")
