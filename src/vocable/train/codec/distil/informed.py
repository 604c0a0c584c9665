"""X-Codec's form: the codec hears the teacher, and what it quantizes must say it again."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.errors import RecipeError
from vocable.quantize import Quantized
from vocable.train.codec.distil.form import Form
from vocable.units.informed import Informed

KERNEL = 3  # frames


class InputForm(Form):
    """The mean squared error of the teacher's features, told by all levels through a small network.

    "Codec Does Matter" (Ye et al. 2024, arXiv:2408.17175).
    """

    untaught = 1.0  # features are brought to variance 1

    def __init__(self, codec: CodecModel, width: int) -> None:
        super().__init__(codec, width)
        if not isinstance(codec, Informed):
            raise RecipeError(
                f'distil.form "input" wants a codec that hears the teacher, not {codec.name}; set '
                'codec.architecture = "informed"'
            )
        dim, edge = codec.quantizer.dim, KERNEL // 2
        self.map = nn.Sequential(
            nn.Conv1d(dim, 2 * dim, KERNEL, padding=edge),
            nn.ELU(),
            nn.Conv1d(2 * dim, width, KERNEL, padding=edge),
        )

    def forward(
        self,
        quantized: Quantized,
        target: Float[Tensor, "batch frames width"],
        known: Bool[Tensor, "batch frames"],
    ) -> Tensor:
        """Return the loss."""
        told = self.map(quantized.z.transpose(1, 2)).transpose(1, 2)[:, : target.shape[1]]
        apart: Tensor = (told - target).square().mean(2)
        return (apart * known).sum() / known.sum().clamp(min=1)
