"""Neurograms, sound as the ear's bands have it, and ViSQOL, which compares them."""

from vocable.measures.neurograms.score import AUDIO_RATE, SPEECH_RATE, visqol

__all__ = ["AUDIO_RATE", "SPEECH_RATE", "visqol"]
