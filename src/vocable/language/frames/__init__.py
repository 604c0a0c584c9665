"""Models of a codec's frames in a layout of several rows, trained at home."""

from .config import FramesConfig
from .generator import FramesGenerator
from .lesson import frames_lesson
from .model import Frames

__all__ = ["Frames", "FramesConfig", "FramesGenerator", "frames_lesson"]
