"""ESC: complex spectra in windows of attention, quantized at several scales of frequency.

"ESC: Efficient Speech Coding with Cross-Scale Residual Vector Quantized Transformers" (Gu and Diao
2024, arXiv:2404.19441).

    model      Hz      samples a frame  frames/s  levels × size  bits/s
    esc_base   16 000  320              50        18 × 1024      1500 a scale of 3 levels, 9000
    esc_large  16 000  320              50        18 × 1024      1500 a scale of 3 levels, 9000

    encoder    spectra, real and imaginary; patches of 3 bins × 2 windows; Swin transformers, and
               half as many bands
    quantizer  goes on to halve bands five times; the fewest are quantized, twice, and what they
               foretell is taken from the next, so that each scale holds what coarser ones leave
    decoder    the mirror image of the encoder

A prefix is whole scales. Windows of attention lie where the recording ends, and the quantizer's
maps see neighbouring frames: it takes whole recordings both ways, in memory that grows with them.

Differences from the authors' code. A recording is filled up with silence to whole frames; theirs
takes those of which the last frame lacks at most a hop, and mirrors there. Decoding gives whole
frames, a hop more than theirs. The training without quantizer in the beginning, which the authors
have, is left out: codebooks begin at main axes and cluster centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import Block, Stack, State, SwinBlock
from vocable.quantize import CrossScaleVQ, Gradient, GroupedVQ, Normalised, ResidualVQ
from vocable.ratio import Ratio
from vocable.signal.spectra import hann
from vocable.tokens import Level, TokenSpec

PARTS = 2  # of a bin: real and imaginary


@dataclass(frozen=True)
class ESCConfig:
    """The sizes of an ESC. Defaults are those of the base model."""

    rate: int = 16_000  # Hz
    hop: int = 80  # samples between spectra
    taper: int = 320  # samples of the window of a spectrum
    bins: int = 192  # of a spectrum; the transform has 2 · (bins - 1) samples
    patch: tuple[int, int] = (3, 2)  # bins and spectra that become one place of the grid
    widths: tuple[int, ...] = (45, 72, 96, 144, 192, 384)  # channels; each has half the bands
    heads: tuple[int, ...] = (3, 6, 12, 24, 24)  # of the transformers before each halving
    depth: int = 2  # blocks of a transformer
    window: int = 4  # rows and bands that attend to each other
    growth: float = 4.0  # of channels inside an MLP
    joined: int = 2  # rows of the grid that are quantized together
    groups: int = 3  # codes of a scale
    size: int = 1024  # entries of a codebook
    code_widths: tuple[int, ...] = (32, 32, 16, 12, 8, 6)  # dimensions of the search, by scale
    dropout: float = 0.75  # share of training items that use a drawn number of scales

    def __post_init__(self) -> None:
        count = len(self.widths)
        if count < 2 or len(self.heads) != count - 1 or len(self.code_widths) != count:
            raise ModelError(
                f"widths are {count}, with {len(self.heads)} heads and {len(self.code_widths)} "
                "code_widths; give as many code_widths, and one of heads less"
            )
        if self.bins % (self.patch[0] << (count - 1)):
            raise ModelError(
                f"{self.bins} bins are not patches of {self.patch[0]} that halve {count - 1} times"
            )

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return self.hop * self.patch[1] * self.joined

    def bands(self, scale: int) -> int:
        """Return the bands of a width, counted from 0."""
        return self.bins // self.patch[0] >> scale


def esc_base() -> ESCConfig:
    """Return the sizes of ESC-Base, 8.7 million weights, as published."""
    return ESCConfig()


def esc_large() -> ESCConfig:
    """Return the sizes of ESC-Large, 15.6 million weights, as published."""
    return ESCConfig(depth=4, code_widths=(8,) * 6)


PUBLISHED = (esc_base, esc_large)


class WholeBlock(Block):
    """A block that takes a recording at once."""

    lookahead = None
    receptive = None

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: its edges are those of the recording."""
        raise ModelError(f"{type(self).__name__} takes whole recordings; run the block whole")


class Spectra(WholeBlock):
    """Turn samples into patches of their spectra, `[B, T, 1] -> [B, rows, bands · channels]`.

    The recording is mirrored at its ends, and the last of its spectra left out: T is whole frames.
    """

    def __init__(self, config: ESCConfig) -> None:
        super().__init__()
        c = self.config = config
        self.channels_out = c.bands(0) * c.widths[0]
        self.stride_in = c.hop * c.patch[1]
        self.ratio = Ratio(1, self.stride_in)
        self.map = nn.Conv2d(PARTS, c.widths[0], c.patch, c.patch)
        self.norm = nn.LayerNorm(c.widths[0])

    def forward(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch rows channels"]:
        """Transform; cut bins and spectra into patches; map each."""
        c, size = self.config, 2 * (self.config.bins - 1)
        with torch.autocast(x.device.type, enabled=False):
            line = F.pad(x.float().transpose(1, 2), (size // 2, size // 2), mode="reflect")[:, 0]
            taper = hann(c.taper, x.device)
            found = torch.stft(line, size, c.hop, c.taper, taper, center=False, return_complex=True)
        parts = torch.view_as_real(found[..., :-1]).permute(0, 3, 1, 2)
        y: Tensor = self.norm(self.map(parts).permute(0, 3, 2, 1))
        return y.flatten(2)


class Waves(WholeBlock):
    """Turn a grid into spectra, and these into samples, `[B, rows, bands · channels] -> [B, T, 1]`.

    Convolutions see 5 × 5 places, then 3 × 3 bins and spectra.
    """

    channels_out = 1

    def __init__(self, config: ESCConfig) -> None:
        super().__init__()
        c = self.config = config
        width, places = c.widths[0], c.patch[0] * c.patch[1]
        self.ratio = Ratio(c.hop * c.patch[1])
        self.apart = nn.Conv2d(width, width * places, 5, padding=2)
        self.map = nn.Conv2d(width, PARTS, 3, padding=1)

    def forward(self, x: Float[Tensor, "batch rows channels"]) -> Float[Tensor, "batch time 1"]:
        """Make bins of places, and samples of spectra."""
        c, size = self.config, 2 * (self.config.bins - 1)
        rows = x.reshape(*x.shape[:2], c.bands(0), c.widths[0])
        bins, spectra = c.patch
        grid: Tensor = self.apart(rows.permute(0, 3, 2, 1))
        grid = grid.reshape(len(x), bins, spectra, c.widths[0], *grid.shape[2:])
        grid = grid.permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)
        parts = self.map(grid).permute(0, 2, 3, 1)
        with torch.autocast(x.device.type, enabled=False):
            found = torch.view_as_complex(parts.float().contiguous())
            taper = hann(c.taper, x.device)
            samples = found.shape[2] * c.hop
            y = torch.istft(found, size, c.hop, c.taper, taper, center=True, length=samples)
        return y[..., None]


class Bands(Block):
    """Norm and map so many values of a row at a time: two bands to one, or one to two."""

    def __init__(self, values: int, wanted: int) -> None:
        super().__init__()
        self.norm, self.map = nn.LayerNorm(values), nn.Linear(values, wanted, bias=False)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map the bands of each row."""
        values = self.norm.normalized_shape[0]
        y: Tensor = self.map(self.norm(x.reshape(*x.shape[:2], x.shape[2] // values, values)))
        return y.flatten(2)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Map the bands of each row; there is no state."""
        return self.forward(x), state


class Joined(Block):
    """Make a frame of so many rows, each by channels, then bands: as it is quantized."""

    def __init__(self, bands: int, count: int) -> None:
        super().__init__()
        self.bands, self.count = bands, count
        self.stride_in, self.ratio, self.receptive = count, Ratio(1, count), count

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch frames channels_out"]:
        """Put rows side by side."""
        batch, rows, values = x.shape
        grid = x.reshape(batch, rows, self.bands, values // self.bands).transpose(2, 3)
        return grid.reshape(batch, rows // self.count, self.count * values)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Put rows side by side; there is no state."""
        return self.forward(x), state


class Parted(Block):
    """Make rows of a frame again."""

    def __init__(self, bands: int, count: int) -> None:
        super().__init__()
        self.bands, self.count, self.ratio = bands, count, Ratio(count)

    def forward(
        self, x: Float[Tensor, "batch frames channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Cut frames apart."""
        batch, frames, values = x.shape
        each = values // self.count
        grid = x.reshape(batch, frames * self.count, each // self.bands, self.bands)
        return grid.transpose(2, 3).flatten(2)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Cut frames apart; there is no state."""
        return self.forward(x), state


def transformer(c: ESCConfig, scale: int, heads: int, *then: Block) -> Stack:
    """Return the blocks of a transformer of a scale, every other one moved, and what follows."""
    width = c.widths[scale]
    blocks = (
        SwinBlock(
            width,
            heads,
            bands=c.bands(scale),
            window=c.window,
            shift=number % 2 * (c.window // 2),
            hidden=int(width * c.growth),
        )
        for number in range(c.depth)
    )
    return Stack(*blocks, *then)


def halving(c: ESCConfig, scale: int) -> Stack:
    """Return the transformer of a scale that leads to the next, of half the bands."""
    return transformer(c, scale, c.heads[scale], Bands(2 * c.widths[scale], c.widths[scale + 1]))


def doubling(c: ESCConfig, scale: int) -> Stack:
    """Return the transformer that leads from the next scale to this one, of twice the bands."""
    return transformer(
        c, scale + 1, c.heads[scale], Bands(c.widths[scale + 1], 2 * c.widths[scale])
    )


def encoder(c: ESCConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`: the features with half of all bands."""
    first = transformer(c, 0, c.heads[0])
    return Stack(Spectra(c), first, halving(c, 0), Joined(c.bands(1), c.joined))


def quantizer(c: ESCConfig) -> CrossScaleVQ:
    """Return that of all scales, the fewest bands first, and those once more."""
    last = len(c.widths) - 1
    scales = [last, *range(last, 0, -1)]  # of each part
    coarsen: list[nn.Module] = []
    refine: list[nn.Module] = []
    for coarse, fine in pairwise(scales):
        if coarse == fine:
            coarsen.append(nn.Identity())
            refine.append(nn.Identity())
            continue
        few, many = c.bands(coarse), c.bands(fine)
        coarsen.append(Stack(Parted(many, c.joined), halving(c, fine), Joined(few, c.joined)))
        refine.append(Stack(Parted(few, c.joined), doubling(c, fine), Joined(many, c.joined)))
    parts = [_product(c, *each) for each in zip(scales, c.code_widths, strict=True)]
    return CrossScaleVQ(parts, coarsen, refine, dropout=c.dropout)


def _product(c: ESCConfig, scale: int, width: int) -> GroupedVQ:
    dim = c.widths[scale] * c.bands(scale) * c.joined
    if dim % c.groups:
        raise ModelError(f"{dim} values of a frame do not part into {c.groups} groups; change one")
    book = Normalised(width, bias=False)
    return GroupedVQ(
        [
            ResidualVQ(dim // c.groups, (c.size,), codebook=book, update=Gradient())
            for _ in range(c.groups)
        ]
    )


def decoder(c: ESCConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    last = transformer(c, 0, c.heads[0])
    return Stack(Parted(c.bands(1), c.joined), doubling(c, 0), last, Waves(c))


class ESC(CodecModel):
    """An ESC, as its config says."""

    not_exported: ClassVar[str] = "its windows of attention lie where a recording ends"
    not_in_codes = frozenset({"dropout"})

    def __init__(self, config: ESCConfig) -> None:
        c, found = config, quantizer(config)
        spec = TokenSpec(
            untrained("esc"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in found.levels),
            prefixes=found.prefixes,
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), found, decoder(c)
