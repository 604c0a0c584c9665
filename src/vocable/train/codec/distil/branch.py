"""Mimi's form: a semantic quantizer of its own, beside the acoustic ones, follows the teacher."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.errors import RecipeError
from vocable.quantize import Quantized, SplitVQ
from vocable.train.codec.distil.form import Form, first_of


class BranchForm(Form):
    """The cosine distance of frames, the mean over those of which something is said.

    "Moshi" (Défossez et al. 2024, arXiv:2410.00037), section 3.3.2: a plain quantizer beside the
    residual one, both of the same latent, their outputs summed; the teacher is pooled to the
    codec's rate, seeing both sides. The paper does not say which layer is the teacher.
    """

    untaught = 1.0

    def __init__(self, codec: CodecModel, width: int) -> None:
        super().__init__(codec, width)
        split = codec.quantizer
        if not (isinstance(split, SplitVQ) and len(split.parts[0].levels) == 1):
            raise RecipeError(
                'distil.form "branch" wants a quantizer of one level beside the others; set '
                "codec.config.split = true and semantic = 1, in a codec that has them"
            )
        self.map = nn.Linear(split.dim, width)

    def forward(
        self,
        quantized: Quantized,
        target: Float[Tensor, "batch frames width"],
        known: Bool[Tensor, "batch frames"],
    ) -> Tensor:
        """Return the loss."""
        told = self.map(first_of(quantized, target.shape[1]))
        apart = 1 - F.cosine_similarity(told, target, dim=2)
        return (apart * known).sum() / known.sum().clamp(min=1)
