"""Quantizers: latents to codes and back, and how their codebooks learn."""

from vocable.quantize.base import Health, Quantized, Quantizer
from vocable.quantize.codebook import Normalised, Parametrisation, Plain
from vocable.quantize.learn.estimator import rotation, straight_through
from vocable.quantize.learn.revival import Expire, Revival
from vocable.quantize.learn.start import KMeans
from vocable.quantize.learn.update import Ema, Gradient, Update
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.vq import VQ

__all__ = [
    "VQ",
    "Ema",
    "Expire",
    "Gradient",
    "Health",
    "KMeans",
    "Normalised",
    "Parametrisation",
    "Plain",
    "Quantized",
    "Quantizer",
    "ResidualVQ",
    "Revival",
    "Update",
    "rotation",
    "straight_through",
]
