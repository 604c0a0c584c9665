"""Models of tokens as entropy coders: what a model expects takes few bits."""

from .foretells import Foretells
from .model_coder import ModelCoder

__all__ = ["Foretells", "ModelCoder"]
