"""HARP-Net: an autoencoder whose skips from encoder to decoder are small autoencoders themselves.

"HARP-Net: Hyper-Autoencoded Reconstruction Propagation for Scalable Neural Audio Coding"
(Petermann, Beack and Kim 2021, arXiv:2107.10843).

    model    Hz      samples a frame  levels × size  bits/s
    harpnet  44 100  1                2 × 32         441 000; what an entropy coder spends, less

    encoder    convolutions that keep the rate, to one number a sample; and from its last layers
               small encoders, each to one number a sample more
    quantizer  numbers to 32 values, which all share and which learn
    decoder    the mirror image; what each skip decodes joins the channels of its layer

There is one token a sample and level, so what it costs is what the values' entropy is held to:
`loss.codec.entropy` in a recipe weighs it, and token files code values by their frequencies. All
levels decode together. It is symmetric and streams, 58 samples late to encode, 35 to decode.

No weights are public. Differences from the authors' code: the values begin at equal distances, not
drawn; its last decoders are convolutions where it has transposed ones of stride 1, which are the
same; the weight of the entropy is that of the recipe, where theirs follows a bit rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import Abreast, BatchNorm, Block, Conv1d, LeakyReLU, Stack, State, Tanh
from vocable.quantize import SoftScalars
from vocable.tokens import Level, TokenSpec

SLOPE = 0.2  # of activations


@dataclass(frozen=True)
class HARPNetConfig:
    """The sizes of a HARP-Net; defaults are those of its authors' code."""

    rate: int = 44_100  # Hz
    channels: int = 24
    layers: int = 5  # of the encoder, and of the decoder
    kernel: int = 15  # samples that a layer sees
    code_kernel: int = 5  # samples that a map to numbers sees, and a decoder of a skip
    skips: int = 1  # from the last layers of the encoder
    skip_layers: int = 3  # of the encoder and the decoder of a skip
    size: int = 32  # values of a number
    sharpness: float = 40.0  # with which training chooses among them in the beginning

    def __post_init__(self) -> None:
        if not 0 <= self.skips < self.layers or self.kernel % 2 == 0 or self.code_kernel % 2 == 0:
            raise ModelError(
                f"skips are {self.skips} of {self.layers} layers, kernels {self.kernel} and "
                f"{self.code_kernel}; give fewer skips than layers, and odd kernels"
            )


def harpnet() -> HARPNetConfig:
    """Return the sizes of the authors' code."""
    return HARPNetConfig()


class Picked(Block):
    """Some neighbouring channels of each row."""

    def __init__(self, start: int, count: int) -> None:
        super().__init__()
        self.start, self.channels_out = start, count

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Take them."""
        return x[..., self.start : self.start + (self.channels_out or 0)].contiguous()

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Take them; there is no state."""
        return self.forward(x), state


def encoder(c: HARPNetConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T, 1 + skips]`: the number of the bottleneck, then of each skip."""
    first = c.layers - max(c.skips - 1, 0)  # layers before the first that a skip leaves
    return Stack(*_layers(c, first, 1, c.kernel), _coded(c, first))


def _coded(c: HARPNetConfig, layer: int) -> Block:
    """Return what makes numbers of the channels behind so many layers."""
    if layer < c.layers:
        rest: Block = Stack(*_layers(c, 1, c.channels, c.kernel), _coded(c, layer + 1))
    else:
        rest = Stack(_conv(c.channels, 1, c.code_kernel), BatchNorm(1), Tanh())
    if not c.skips:
        return rest
    down = _layers(c, c.skip_layers, c.channels, c.kernel)
    return Abreast(rest, Stack(*down, _conv(c.channels, 1, c.code_kernel), BatchNorm(1)))


def decoder(c: HARPNetConfig) -> Stack:
    """Return `[B, T, 1 + skips] -> [B, T, 1]`."""
    found: Block = Stack(Picked(0, 1), *_layers(c, 1, 1, c.kernel))
    for skip in range(c.skips):
        up = _layers(c, c.skip_layers, 1, c.code_kernel)
        beside = Abreast(found, Stack(Picked(1 + skip, 1), LeakyReLU(SLOPE), *up))
        found = Stack(beside, *_layers(c, 1, 2 * c.channels, c.kernel))
    more = _layers(c, c.layers - 1 - c.skips, c.channels, c.kernel)
    return Stack(found, *more, _conv(c.channels, 1, 1), Tanh())


def _layers(c: HARPNetConfig, count: int, channels_in: int, kernel: int) -> list[Block]:
    """Return so many layers of the codec's channels, the first of which reads others."""
    blocks: list[Block] = []
    for number in range(count):
        conv = _conv(c.channels if number else channels_in, c.channels, kernel)
        blocks += [conv, BatchNorm(c.channels), LeakyReLU(SLOPE)]
    return blocks


def _conv(channels_in: int, channels_out: int, kernel: int) -> Conv1d:
    return Conv1d(channels_in, channels_out, kernel, pad=(kernel // 2, kernel // 2))


class HARPNet(CodecModel):
    """A HARP-Net, as its config says."""

    def __init__(self, config: HARPNetConfig) -> None:
        c = config
        found = SoftScalars(1 + c.skips, c.size, sharpness=c.sharpness)
        spec = TokenSpec(
            untrained("harpnet"),
            rate=c.rate,
            frame=1,
            channels=1,
            levels=tuple(Level(size) for size in found.levels),
            prefixes=found.prefixes,
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), found, decoder(c)
