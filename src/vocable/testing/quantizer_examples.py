"""List small examples of every quantizer and of its seams, by readable names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from vocable.quantize import (
    BSQ,
    FSQ,
    LFQ,
    VQ,
    Apart,
    AtanhBound,
    Balance,
    Cluster,
    ConcatenatedQuantizer,
    CrossScaleVQ,
    Entropy,
    FactorisedVQ,
    Gradient,
    GroupedVQ,
    Normalised,
    PairedVQ,
    Projected,
    Quantizer,
    ResidualFSQ,
    ResidualLFQ,
    ResidualVQ,
    SimVQ,
    SoftScalars,
    SplitVQ,
    SymmetricBound,
    rotation,
)
from vocable.testing.block_examples import seeded
from vocable.testing.examples import Examples


def quantizers() -> Examples[Quantizer]:
    """Return quantizers of latents `[batch, frames, 6]`, learned on noise, in evaluation mode."""
    return Examples(_QUANTIZERS, quantizer_named, lambda name: seeded(_QUANTIZERS[name]))


def quantizer_named(name: str) -> Quantizer:
    """Make one of them."""
    return seeded(partial(_learned, _QUANTIZERS[name]))


def _learned(make: Callable[[], Quantizer]) -> Quantizer:
    quantizer = make()
    quantizer.start_learning(torch.randn(200, 6, dtype=torch.float32), per_step=200)
    return quantizer.eval()


def _factor(levels: int, dim: int = 6) -> ResidualVQ:
    return ResidualVQ(dim, (16,) * levels, codebook=Normalised(3), update=Gradient())


def _thirds() -> GroupedVQ:
    return GroupedVQ([VQ(2, 16) for _ in range(3)])


def _map(given: int, wanted: int) -> torch.nn.Linear:
    return torch.nn.Linear(given, wanted, dtype=torch.float32)


def _grouped() -> ResidualVQ:
    return ResidualVQ(3, (16, 8), codebook=Normalised(2), update=Gradient())


_QUANTIZERS: dict[str, Callable[[], Quantizer]] = {
    "vq": lambda: VQ(6, 16),
    "rvq": lambda: ResidualVQ(6, (16,) * 4),
    "rvq-of-unequal-levels": lambda: ResidualVQ(6, (32, 7, 3)),
    "rvq-of-some-prefixes": lambda: ResidualVQ(6, (16,) * 4, prefixes=(2, 4)),
    "rvq-of-strides": lambda: ResidualVQ(6, (16,) * 3, strides=(4, 2, 1)),
    "rvq-gradient": lambda: ResidualVQ(6, (16,) * 4, update=Gradient(), estimator=rotation),
    "rvq-normalised": lambda: ResidualVQ(6, (16,) * 4, codebook=Normalised(3), update=Gradient()),
    "rvq-projected": lambda: ResidualVQ(6, (16,) * 4, codebook=Projected(3), update=Gradient()),
    "rvq-simvq": lambda: ResidualVQ(
        6, (16,) * 3, codebook=SimVQ(), update=Gradient(), revival=None, initialise=None
    ),
    "vq-entropy": lambda: VQ(6, 16, losses=(Entropy(),)),
    "ervq": lambda: ResidualVQ(
        6, (16,) * 3, update=Gradient(), revival=Cluster(), losses=(Balance(), Apart())
    ),
    "split": lambda: SplitVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3)]),
    "paired": lambda: PairedVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3)]),
    "factorised": lambda: FactorisedVQ(
        6, [_factor(1), _factor(2)], ResidualVQ(6, (16,) * 3, prefixes=(1, 3))
    ),
    "factorised-apart": lambda: FactorisedVQ(
        3, [_factor(1, 3), _factor(2, 3)], ResidualVQ(3, (16,) * 2, prefixes=(2,)), apart=True
    ),
    "split-of-some-prefixes": lambda: SplitVQ(
        6, [ResidualVQ(4, (8, 8), prefixes=(2,)), ResidualVQ(4, (16,) * 4, prefixes=(1, 4))]
    ),
    "concatenated": lambda: ConcatenatedQuantizer(
        [VQ(4, 16), FSQ((5,), groups=2, bound=SymmetricBound())]
    ),
    "concatenated-alone": lambda: ConcatenatedQuantizer(
        [ResidualVQ(2, (16,), strides=(4,)), VQ(4, 16)], alone=True
    ),
    "product": _thirds,
    "grouped": lambda: GroupedVQ(
        [ResidualVQ(3, (16,) * 3, dropout=0.5, prefixes=(1, 3)) for _ in range(2)]
    ),
    "grouped-normalised": lambda: GroupedVQ([_grouped() for _ in range(2)]),
    "cross-scale": lambda: CrossScaleVQ(
        [GroupedVQ([VQ(2, 16)]), GroupedVQ([VQ(2, 16), VQ(2, 16)]), _thirds()],
        [_map(4, 2), _map(6, 4)],
        [_map(2, 4), _map(4, 6)],
        dropout=0.5,
    ),
    "soft-scalars": lambda: SoftScalars(6, 8),
    "fsq": lambda: FSQ((8, 5, 4), dim=6),
    "fsq-groups": lambda: FSQ((4, 5, 3), groups=2),
    "fsq-bounded-twice": lambda: FSQ((4,) * 6, bound=AtanhBound(times=2)),
    "fsq-symmetric": lambda: FSQ((4, 2, 3), groups=2, bound=SymmetricBound()),
    "residual-fsq": lambda: ResidualFSQ((4, 5, 3), 3, dim=6, dropout=0.5),
    "lfq": lambda: LFQ(4, dim=6),
    "residual-lfq": lambda: ResidualLFQ(6, 3),
    "bsq": lambda: BSQ(3, groups=2),
}
