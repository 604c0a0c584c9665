"""Quantizers: latents to codes and back, and how their codebooks learn."""

from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.codebook import Normalised, Parametrisation, Plain
from vocable.quantize.factorised import FactorisedVQ
from vocable.quantize.learn.estimator import rotation, straight_through
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.revival import Expire, Revival
from vocable.quantize.learn.update import Ema, Gradient, Update
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.split import SplitVQ
from vocable.quantize.ties import tie_distance
from vocable.quantize.vq import VQ

__all__ = [
    "VQ",
    "Ema",
    "Expire",
    "FactorisedVQ",
    "Gradient",
    "Health",
    "KMeans",
    "LevelCodes",
    "Normalised",
    "Parametrisation",
    "Plain",
    "Quantized",
    "Quantizer",
    "ResidualVQ",
    "Revival",
    "SplitVQ",
    "Update",
    "as_levels",
    "rotation",
    "straight_through",
    "tie_distance",
]
