"""Models of one row of ids: what is given, then what is foretold. AudioLM's stages, and flatten."""

from .config import Part, StageConfig
from .generator import StageGenerator
from .lesson import stage_lesson
from .model import Stage

__all__ = ["Part", "Stage", "StageConfig", "StageGenerator", "stage_lesson"]
