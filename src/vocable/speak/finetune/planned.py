"""What a run will do, told before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.speak.finetune.memory import Memory
from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.speak.finetune.trained import Part


@dataclass(frozen=True)
class Plan:
    """recipe: with its steps counted. parts: what learns. weights: of the model."""

    recipe: FinetuneRecipe
    parts: tuple[Part, ...]
    weights: int
    memory: Memory

    @property
    def learning(self) -> int:
        """How many weights learn."""
        return sum(part.parameters for part in self.parts)
