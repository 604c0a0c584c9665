"""Neurograms, sound as the bands of the ear have it, and ViSQOL, which compares them."""

from vocable.measures.neurograms.score import AUDIO_RATE, LONGEST, SPEECH_RATE, visqol

__all__ = ["AUDIO_RATE", "LONGEST", "SPEECH_RATE", "visqol"]
