"""wav2vec 2.0 and HuBERT: one network, trained in two ways.

"wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations" (Baevski et al.
2020, arXiv:2006.11477), "HuBERT: Self-Supervised Speech Representation Learning by Masked
Prediction of Hidden Units" (Hsu et al. 2021, arXiv:2106.07447).

             extractor   blocks / width / heads / hidden   norms   input normalised   parameters
    base     group       12 /  768 / 12 / 3072             after   no                 94 M
    large    layer       24 / 1024 / 16 / 4096             before  yes                315 M

16 kHz, a frame of 25 ms every 20 ms. What belongs to training only (mask vector, heads, the
quantizer of wav2vec 2.0) is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn import LayerNorm, Linear
from vocable.units.body import Body, TransformerBlock
from vocable.units.encoder import EncoderModel
from vocable.units.extractor import Extractor
from vocable.units.positions import PositionalConv
from vocable.units.whole import Whole, look_at


@dataclass(frozen=True)
class Wav2Vec2Config:
    """Sizes of a wav2vec 2.0 or HuBERT, by default the base ones."""

    width: int = 768  # channels of the blocks
    blocks: int = 12
    heads: int = 12
    hidden: int = 3072
    pre_norm: bool = False  # norms before attention and hidden layer, and one behind all
    extractor: Literal["group", "layer"] = "group"
    filters: int = 512
    kernels: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    strides: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    filter_bias: bool = False
    position_kernel: int = 128  # frames
    position_groups: int = 16
    normalize: bool = False  # the recording to mean 0 and variance 1
    normal_eps: float = 1e-5  # added to that variance


def base() -> Wav2Vec2Config:
    """Return the sizes of wav2vec 2.0 base and HuBERT base."""
    return Wav2Vec2Config()


def large() -> Wav2Vec2Config:
    """Return the sizes of HuBERT large; wav2vec 2.0 large (LV-60, XLSR) has `filter_bias` too."""
    return Wav2Vec2Config(
        width=1024, blocks=24, heads=16, hidden=4096, pre_norm=True, extractor="layer",
        normalize=True,
    )  # fmt: skip


class Wav2Vec2(EncoderModel):
    """Convolutions, a map to the width of the blocks, positions, blocks."""

    name = "wav2vec2"

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__(config)
        self.layers, self.normalize, self.final_norm = (
            config.blocks, config.normalize, config.pre_norm,
        )  # fmt: skip
        self.extractor = Extractor(
            config.filters, config.kernels, config.strides, config.extractor, config.filter_bias
        )
        self.hop, self.window = self.extractor.hop, self.extractor.window
        self.norm = LayerNorm(config.filters)
        self.project = Linear(config.filters, config.width)
        self.transformer = self.make_body(config)

    def make_body(self, config: Wav2Vec2Config) -> Body:
        """Return the blocks and what is around them."""
        blocks = [
            TransformerBlock(config.width, config.heads, config.hidden, pre_norm=config.pre_norm)
            for _ in range(config.blocks)
        ]
        return Body(blocks, config.width, positions_of(config), config.pre_norm)

    def channels(self, layer: int) -> int:
        """Return the width of the blocks, which all layers have."""
        return int(self.config.width)

    def frames(self, samples: int) -> int:
        """Return how many frames so many samples give."""
        return self.extractor.frames(samples)

    def look(self, blocks: Iterable[Float[Tensor, " _"]]) -> Whole:
        """Return the sums that input normalisation and the norm over time follow from."""
        return look_at(blocks, self.config.kernels[0], self.config.strides[0])

    def front(self, x: Float[Tensor, " time"], whole: Whole) -> Float[Tensor, "1 frames channels"]:
        """Return what the convolutions make of a part of a recording, mapped to the blocks' width.

        What is taken off and multiplied on before makes no difference to a norm over time but for
        rounding, for which mean 0 is best.
        """
        gain = whole.gain(self.config.normal_eps) if self.normalize else 1.0
        mean = whole.mean if self.normalize or self.extractor.norm == "group" else 0.0
        rows = self.extractor((x - mean) * gain, whole.windows_of(mean, gain))
        y: Tensor = self.project(self.norm(rows))
        return y

    def body(
        self,
        rows: Float[Tensor, "1 rows channels"],
        lengths: Sequence[int],
        layer: int,
        final_norm: bool = False,
    ) -> Float[Tensor, "1 rows channels_out"]:
        """Return a layer of rows of several recordings, one behind the other."""
        y: Tensor = self.transformer(rows, lengths, layer, final_norm)
        return y

    def means_of_layers(
        self, x: Float[Tensor, "batch time"], *chosen: Collection[int]
    ) -> list[Float[Tensor, "batch rows channels"]]:
        """Return the means of some layers, and of some others, of recordings of one length."""
        fronts = [self.front(each, self.look([each])) for each in x]
        lengths = [rows.shape[1] for rows in fronts]
        rows = torch.cat(fronts, 1)
        totals = [torch.zeros_like(rows) for _ in chosen]
        for number, layer in enumerate(self.transformer.layers(rows, lengths)):
            for total, numbers in zip(totals, chosen, strict=True):
                if number in numbers:
                    total += layer
        means = (total / len(numbers) for total, numbers in zip(totals, chosen, strict=True))
        return [mean.reshape(len(x), -1, rows.shape[2]) for mean in means]


def positions_of(config: Wav2Vec2Config) -> PositionalConv:
    """Return the convolution of positions of a config's sizes."""
    return PositionalConv(config.width, config.position_kernel, config.position_groups)
