"""Quantizers: latents to codes and back, and how their codebooks learn."""

from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.bound import AtanhBound, Bound, SymmetricBound, TanBound
from vocable.quantize.codebook import Normalised, Parametrisation, Plain, Projected
from vocable.quantize.concatenated import ConcatenatedQuantizer
from vocable.quantize.cross_scale import CrossScaleVQ
from vocable.quantize.factorised import FactorisedVQ
from vocable.quantize.fsq import FSQ
from vocable.quantize.grouped import GroupedVQ
from vocable.quantize.learn.estimator import rotation, straight_through
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.losses import Apart, Balance, CodebookLoss, Entropy
from vocable.quantize.learn.revival import Cluster, Expire, Revival
from vocable.quantize.learn.update import Ema, Gradient, Update
from vocable.quantize.lfq import BSQ, LFQ
from vocable.quantize.paired import PairedVQ
from vocable.quantize.residual_scalar import ResidualFSQ, ResidualLFQ
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.simvq import SimVQ
from vocable.quantize.soft_scalar import SoftScalars
from vocable.quantize.split import SplitVQ
from vocable.quantize.ties import tie_distance
from vocable.quantize.unquantized import Unquantized
from vocable.quantize.vq import VQ

__all__ = [
    "BSQ",
    "FSQ",
    "LFQ",
    "VQ",
    "Apart",
    "AtanhBound",
    "Balance",
    "Bound",
    "Cluster",
    "CodebookLoss",
    "ConcatenatedQuantizer",
    "CrossScaleVQ",
    "Ema",
    "Entropy",
    "Expire",
    "FactorisedVQ",
    "Gradient",
    "GroupedVQ",
    "Health",
    "KMeans",
    "LevelCodes",
    "Normalised",
    "PairedVQ",
    "Parametrisation",
    "Plain",
    "Projected",
    "Quantized",
    "Quantizer",
    "ResidualFSQ",
    "ResidualLFQ",
    "ResidualVQ",
    "Revival",
    "SimVQ",
    "SoftScalars",
    "SplitVQ",
    "SymmetricBound",
    "TanBound",
    "Unquantized",
    "Update",
    "as_levels",
    "rotation",
    "straight_through",
    "tie_distance",
]
