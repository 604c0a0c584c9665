"""List small examples of every block, by readable names; the laws are tested on all of them.

Each call makes new ones with the same weights, in evaluation mode, so that no test sees another's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from vocable import nn
from vocable.separation.conv_tasnet import ConvTasNet, ConvTasNetConfig
from vocable.units.focalcodec_stream import Refiner
from vocable.units.vocoder.hifigan import HifiGan
from vocable.units.wavlm import WavLMConfig
from vocable.units.wavlm_chunks import ChunkBlocks

Made = TypeVar("Made")


def blocks() -> dict[str, nn.Block]:
    """Return blocks for input `[batch, time, 4]`, each with a finite look-ahead."""
    return {name: block_named(name) for name in _BLOCKS}


def block_named(name: str) -> nn.Block:
    """Make one of them."""
    return seeded(_BLOCKS[name]).eval()


def seeded(make: Callable[[], Made]) -> Made:
    """Make something with the same random weights each time, leaving the random state alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make()


def _seanet_like() -> nn.Block:
    """Down by 6 and up again, with look-ahead, a residual that looks ahead, and memory."""
    unit = nn.Stack(nn.ELU(), nn.Conv1d(6, 6, 3, dilation=2, pad=(2, 2)), nn.Linear(6, 6))
    return nn.Stack(
        nn.Conv1d(4, 6, 7, pad=(3, 3)),
        nn.Residual(unit),
        nn.Conv1d(6, 8, 4, stride=2, pad=(1, 1)),
        nn.Conv1d(8, 8, 6, stride=3),
        nn.Residual(nn.LSTM(8, 8)),
        nn.ConvTranspose1d(8, 6, 6, stride=3),
        nn.Residual(nn.Stack(nn.Snake(6), nn.Conv1d(6, 6, 3))),
        nn.ConvTranspose1d(6, 4, 4, stride=2, trim=(1, 1)),
    )


def _short() -> nn.Block:
    """Up by 6, with two rows less at the end."""
    return nn.Stack(
        nn.ConvTranspose1d(4, 5, 6, stride=3, trim=(2, 2), short=1),
        nn.Residual(nn.Conv1d(5, 5, 3, pad=(1, 1))),
        nn.ConvTranspose1d(5, 4, 4, stride=2, trim=(1, 1)),
    )


def _encodec_like() -> nn.Block:
    """Convolutions that reflect, one after the other: each waits for the rows it mirrors."""
    return nn.Stack(
        nn.EdgeConv1d(4, 4, 7, edge="reflect"),
        nn.Residual(nn.Stack(nn.ELU(), nn.EdgeConv1d(4, 4, 3, edge="reflect"))),
        nn.EdgeConv1d(4, 6, 4, stride=2, edge="reflect", fill=True),
        nn.EdgeConv1d(6, 5, 7, edge="reflect"),
    )


def _mimi_like() -> nn.Block:
    """A transformer between convolutions, the last of which repeats the edge; and up again."""
    return nn.Stack(
        nn.Conv1d(4, 4, 4, stride=2),
        nn.TransformerLayer(4, 2, context=4, hidden=8, scale=0.5),
        nn.FirstRowConv1d(4, 4, 4, stride=2),
        nn.ConvTranspose1d(4, 4, 4, stride=2, groups=4, bias=False),
        nn.TransformerLayer(4, 2, context=3, hidden=8, scale=0.5),
        nn.ConvTranspose1d(4, 5, 4, stride=2),
    )


def _snac_like() -> nn.Block:
    """Windows of rows that earlier and later members withhold, and noise at another rate."""
    source = nn.NoiseSource()
    attention = nn.Stack(nn.LayerNorm(4), nn.LocalAttention(4, window=3, head=2))
    return nn.Stack(
        nn.Conv1d(4, 4, 4, stride=2, pad=(1, 1)),
        nn.Residual(attention),
        nn.Conv1d(4, 4, 3, pad=(1, 1), groups=4),
        nn.NoiseBlock(4, number=0, source=source),
        nn.ConvTranspose1d(4, 4, 4, stride=2, trim=(1, 1)),
        nn.NoiseBlock(4, number=1, source=source),
    )


def _separating(**options: Any) -> nn.Block:
    """Part what a first layer makes of the channels."""
    sizes = {"filters": 5, "window": 6, "stride": 2, "bottleneck": 4, "skip": 3, "hidden": 6}
    config = ConvTasNetConfig(**{**sizes, "blocks": 2, **options})
    return nn.Stack(nn.Conv1d(4, 1, 1), ConvTasNet(config))


def _hifigan_like() -> nn.Block:
    """Up by 5 and by 2, a mean of blocks with unequal look-ahead behind each."""
    return HifiGan(4, 8, (5, 2), (11, 4), (3, 5), ((1, 3), (1, 2)), slope=0.1)


def _snake_beta(channels: int) -> nn.SnakeBeta:
    """Return one whose slopes differ, which begin alike."""
    made = nn.SnakeBeta(channels)
    for slopes in (made.alpha, made.beta):
        torch.nn.init.normal_(slopes, std=0.5)
    return made


def _bigcodec_like() -> nn.Block:
    """Down by 2 and up by 3, an anti-aliased activation before each and in a unit."""
    unit = nn.Stack(nn.AntiAliased(4, _snake_beta(4)), nn.Conv1d(4, 4, 3, pad=(1, 1)))
    return nn.Stack(
        nn.Residual(unit),
        nn.Conv1d(4, 5, 4, stride=2, pad=(1, 1)),
        nn.AntiAliased(5, _snake_beta(5)),
        nn.ConvTranspose1d(5, 4, 6, stride=3, trim=(2, 1)),
    )


def _wavlm_blocks() -> nn.Block:
    """Chunks of three rows, which see nine, and biases that differ."""
    sizes = WavLMConfig(width=4, blocks=2, heads=2, hidden=6, buckets=8, furthest=8)
    made = ChunkBlocks(sizes, window=9, chunk=3)
    torch.nn.init.normal_(made.offsets)
    return made


_BLOCKS: dict[str, Callable[[], nn.Block]] = {
    "conv-causal": lambda: nn.Conv1d(4, 5, 5),
    "conv-symmetric": lambda: nn.Conv1d(4, 5, 5, pad=(2, 2)),
    "conv-ahead": lambda: nn.Conv1d(4, 5, 4, pad=(0, 3)),
    "conv-dilated": lambda: nn.Conv1d(4, 5, 3, dilation=3),
    "conv-strided": lambda: nn.Conv1d(4, 5, 4, stride=2),
    "conv-strided-ahead": lambda: nn.Conv1d(4, 5, 7, stride=3, pad=(1, 3)),
    "conv-patch": lambda: nn.Conv1d(4, 5, 3, stride=3),
    "conv-grouped": lambda: nn.Conv1d(4, 6, 3, groups=2, bias=False),
    "conv-pointwise": lambda: nn.Conv1d(4, 5, 1),
    "depthwise": lambda: nn.DepthwiseConv1d(4, 7),
    "depthwise-ahead": lambda: nn.DepthwiseConv1d(4, 7, pad=(3, 3)),
    "depthwise-dilated": lambda: nn.DepthwiseConv1d(4, 3, dilation=9, pad=(9, 9)),
    "transposed": lambda: nn.ConvTranspose1d(4, 5, 4, stride=2),
    "transposed-symmetric": lambda: nn.ConvTranspose1d(4, 5, 8, stride=4, trim=(2, 2)),
    "transposed-ahead": lambda: nn.ConvTranspose1d(4, 5, 9, stride=3, trim=(6, 0)),
    "transposed-patch": lambda: nn.ConvTranspose1d(4, 5, 3, stride=3),
    "transposed-depthwise": lambda: nn.ConvTranspose1d(4, 4, 4, stride=2, groups=4, bias=False),
    "transposed-depthwise-ahead": lambda: nn.ConvTranspose1d(
        4, 4, 6, stride=2, groups=4, trim=(3, 1)
    ),
    "transposed-pairs": lambda: nn.ConvTranspose1d(4, 2, 6, stride=3, groups=2),
    "transposed-short": lambda: nn.ConvTranspose1d(4, 5, 10, stride=5, trim=(3, 3), short=1),
    "conv-reflect": lambda: nn.EdgeConv1d(4, 5, 7, edge="reflect"),
    "conv-reflect-symmetric": lambda: nn.EdgeConv1d(4, 5, 7, edge="reflect", pad=(3, 3)),
    "conv-reflect-strided": lambda: nn.EdgeConv1d(4, 5, 8, stride=4, edge="reflect", pad=(2, 2)),
    "conv-replicate": lambda: nn.EdgeConv1d(4, 5, 4, stride=2, edge="replicate"),
    "conv-replicate-ahead": lambda: nn.EdgeConv1d(4, 5, 3, edge="replicate", pad=(0, 2)),
    "conv-fill": lambda: nn.Conv1d(4, 5, 4, stride=2, fill=True),
    "conv-reflect-fill": lambda: nn.EdgeConv1d(4, 5, 8, stride=4, edge="reflect", fill=True),
    "conv-reflect-fill-symmetric": lambda: nn.EdgeConv1d(
        4, 5, 8, stride=4, edge="reflect", pad=(2, 2), fill=True
    ),
    "conv-replicate-fill": lambda: nn.EdgeConv1d(
        4, 5, 4, stride=4, edge="replicate", pad=(0, 0), fill=True
    ),
    "conv-first-row": lambda: nn.FirstRowConv1d(4, 5, 4, stride=2),
    "conv-first-row-fill": lambda: nn.FirstRowConv1d(4, 5, 6, stride=3, fill=True),
    "conv-first-row-past": lambda: nn.FirstRowConv1d(4, 5, 4, stride=3, past=3),
    "conv-first-row-grouped": lambda: nn.FirstRowConv1d(4, 6, 4, groups=2),
    "patch": lambda: nn.Patch(4, 3),
    "unpatch": lambda: nn.Unpatch(4, 2),
    "linear": lambda: nn.Linear(4, 5),
    "layer-norm": lambda: nn.LayerNorm(4),
    "rms-norm": lambda: nn.RMSNorm(4),
    "batch-norm": lambda: nn.BatchNorm(4),
    "cumulative-norm": lambda: nn.CumulativeNorm(4),
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "tanh-gelu": nn.TanhGELU,
    "prelu": nn.PReLU,
    "snake": lambda: nn.Snake(4),
    "half-snake": lambda: nn.HalfSnake(5),
    "snake-beta": lambda: _snake_beta(4),
    "anti-aliased": lambda: nn.AntiAliased(4, _snake_beta(4)),
    "tanh": nn.Tanh,
    "tanh-dynamic": nn.DynamicTanh,
    "clamp": nn.Clamp,
    "scale": lambda: nn.Scale(4, 0.3),
    "lstm": lambda: nn.LSTM(4, 5, layers=2),
    "attention": lambda: nn.Attention(4, 2, context=5),
    "attention-to-itself": lambda: nn.Attention(4, 1, context=1),
    "attention-alibi": lambda: nn.AlibiAttention(4, 2, context=5, width=6),
    "transformer": lambda: nn.TransformerLayer(4, 2, context=6, hidden=8, scale=0.5),
    "transformer-gated": lambda: nn.GatedTransformerLayer(
        4, 2, context=6, hidden=8, scale=0.5, width=6
    ),
    "convnext": lambda: nn.ConvNeXtBlock(4),
    "convnext-symmetric": lambda: nn.SymmetricConvNeXtBlock(4, 10, scale=0.5),
    "norm-of-conditions": lambda: nn.AdaLayerNorm(4, 3),
    "focal-modulation": lambda: nn.FocalModulation(4, (3, 4)),
    "inverse-stft": lambda: nn.Stack(nn.Linear(4, 18), nn.InverseSTFT(16, 4)),
    "inverse-stft-center": lambda: nn.Stack(nn.Linear(4, 16), nn.InverseSTFT(14, 5, edge="center")),
    "local-attention": lambda: nn.LocalAttention(4, window=4, head=2),
    "refiner": lambda: Refiner(4, 3),
    "wavlm-blocks": _wavlm_blocks,
    "noise": lambda: nn.NoiseBlock(4, number=0, source=nn.NoiseSource()),
    "flow": lambda: nn.Flow(4, 3, width=6, blocks=1, source=nn.FlowSource(steps=2)),
    "leaky-relu": lambda: nn.LeakyReLU(0.1),
    "mean-causal": lambda: nn.Mean(nn.Linear(4, 5), nn.Conv1d(4, 5, 5)),
    "mean-ahead": lambda: nn.Mean(nn.Conv1d(4, 5, 5), nn.Conv1d(4, 5, 4, pad=(0, 3))),
    "abreast": lambda: nn.Abreast(
        nn.Conv1d(4, 3, 4, stride=2, pad=(1, 1)), nn.Conv1d(4, 2, 3, pad=(0, 2)), repeats=(2, 1)
    ),
    "residual-causal": lambda: nn.Residual(nn.Conv1d(4, 4, 3)),
    "residual-ahead": lambda: nn.Residual(nn.Conv1d(4, 4, 5, pad=(2, 2))),
    "stack-short": _short,
    "prolonged": lambda: nn.Prolonged(_short()),
    "stack-of-one": lambda: nn.Stack(nn.Conv1d(4, 5, 5, pad=(2, 2))),
    "stack-down-up": _seanet_like,
    "stack-reflect": _encodec_like,
    "stack-attention": _mimi_like,
    "stack-windows": _snac_like,
    "conv-tasnet": _separating,
    "conv-tasnet-frame": lambda: _separating(norm="frame", mask="relu", rectified=True),
    "conv-tasnet-spectra": lambda: _separating(filterbank="fourier", filters=4),
    "conv-tasnet-loose": lambda: _separating(consistent=False, speakers=3),
    "stack-hifigan": _hifigan_like,
    "stack-anti-aliased": _bigcodec_like,
}
