"""The task "vocoder": train what turns units back into sound."""

from __future__ import annotations

from typing import Any

from vocable.train.registry import Shortcut, register_task
from vocable.train.vocoder.recipe import VocoderRecipe, with_speakers


def make_task(recipe: VocoderRecipe) -> Any:
    """Return the VocoderTask of a recipe (this loads torch)."""
    from vocable.train.vocoder.task import VocoderTask

    return VocoderTask(recipe)


register_task(
    "vocoder",
    VocoderRecipe,
    make_task,
    about="Train a vocoder of units. FOLDER then opens with --vocoder FOLDER.",
    data="The recordings: the manifest that `vocable data scan` writes; rows may name a speaker.",
    shortcuts=[
        Shortcut(
            "--units",
            "vocoder.units",
            "The tokenizer whose units it decodes (vocoder.units): its name, folder or centres.",
        )
    ],
    complete=with_speakers,
)
