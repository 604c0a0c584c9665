"""VALL-E's first model: it draws the first level behind a text, one group of frames a step."""

from .config import ValleARConfig
from .generator import ValleARGenerator
from .model import ValleAR

__all__ = ["ValleAR", "ValleARConfig", "ValleARGenerator"]
