"""SpeechTokenizer's form: level 0 of a residual quantizer follows the teacher in time."""

from __future__ import annotations

import math

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.quantize import Quantized
from vocable.train.codec.distil.form import Form, first_of


class LevelForm(Form):
    """`-log sigmoid(cosine)` along time, the mean over the teacher's channels.

    "SpeechTokenizer" (Zhang et al. 2023, arXiv:2308.16692), by its authors' code: the cosine is
    that of a channel's course over the frames of a segment, not of a frame's channels, as the first
    version of the paper had it (their issue 2).
    """

    untaught = math.log(2)

    def __init__(self, codec: CodecModel, width: int) -> None:
        super().__init__(codec, width)
        self.map = nn.Linear(codec.quantizer.dim, width)

    def forward(
        self,
        quantized: Quantized,
        target: Float[Tensor, "batch frames width"],
        known: Bool[Tensor, "batch frames"],
    ) -> Tensor:
        """Return the loss."""
        told = self.map(first_of(quantized, target.shape[1]))
        counts = known[..., None]
        cosine = F.cosine_similarity(told * counts, target * counts, dim=1)
        return -F.logsigmoid(cosine).mean()
