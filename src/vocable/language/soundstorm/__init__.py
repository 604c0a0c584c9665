"""SoundStorm: a codec's levels one after the other, all frames of a level in a few passes."""

from .condition import Condition
from .config import SoundStormConfig
from .generator import SoundStormGenerator
from .lesson import soundstorm_lesson
from .model import SoundStorm
from .piece import Piece
from .settings import MaskedSampling

__all__ = [
    "Condition", "MaskedSampling", "Piece", "SoundStorm", "SoundStormConfig",
    "SoundStormGenerator", "soundstorm_lesson",
]  # fmt: skip
