"""The families of models that the task trains, one file each: what a recipe says of them.

A new one is a file here, and its line below.
"""

from .audiolm import AudioLM
from .layouts import Flatten, Layouts
from .recogniser import Recogniser, Transcriber
from .soundstorm import SoundStorm
from .translator import Letters, Translator
from .valle import Valle

__all__ = [
    "AudioLM",
    "Flatten",
    "Layouts",
    "Letters",
    "Recogniser",
    "SoundStorm",
    "Transcriber",
    "Translator",
    "Valle",
]
