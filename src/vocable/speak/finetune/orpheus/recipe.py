"""The recipe of a run that fine-tunes an Orpheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vocable.speak.finetune.recipe import FinetuneRecipe


@dataclass(frozen=True, kw_only=True)
class OrpheusRecipe(FinetuneRecipe):
    """All that makes a run, apart from the set.

    learn: which ids of a row train. "all" of them, text and marks too, as published; or "speech",
    codes and their end alone.
    """

    task: str = "finetune-orpheus"
    codec: str = "hubertsiuzdak/snac_24khz"
    learn: Literal["all", "speech"] = "all"
