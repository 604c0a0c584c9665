"""What a form of distillation is: a loss, with the map that only training has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.errors import RecipeError
from vocable.quantize import Quantized


class Form(nn.Module, ABC):
    """A loss between what a codec's quantizer gives and what its teacher says.

    codec: any that is built, of which nothing is kept. width: channels of the teacher's frames.
    untaught: the loss of a quantizer that knows nothing of the teacher.
    """

    untaught: ClassVar[float]

    def __init__(self, codec: CodecModel, width: int) -> None:
        super().__init__()
        level = codec.spec.levels[0]
        if level.role != "semantic":
            raise RecipeError(
                f"distil teaches level 0, which the codec calls {level.role}; set "
                "codec.config.semantic = 1, in a codec that has it"
            )

    @abstractmethod
    def forward(
        self,
        quantized: Quantized,
        target: Float[Tensor, "batch frames width"],
        known: Bool[Tensor, "batch frames"],
    ) -> Tensor:
        """Return the loss; what is said of frames that are not known does not count."""


def first_of(quantized: Quantized, frames: int) -> Any:
    """Return what level 0 gives of so many frames, `[batch, frames, dim]`."""
    if quantized.first is None:
        raise RecipeError(
            "the codec's quantizer does not say what level 0 alone stands for, so that nothing "
            "can be distilled into it; take one of ResidualVQ or SplitVQ"
        )
    return quantized.first[:, :frames]
