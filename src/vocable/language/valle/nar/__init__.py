"""VALL-E's second model: it fills in all levels but the first, one level a pass."""

from .config import ValleNARConfig
from .generator import ValleNARGenerator
from .model import ValleNAR

__all__ = ["ValleNAR", "ValleNARConfig", "ValleNARGenerator"]
