"""Neurograms, sound as the bands of the ear have it, and ViSQOL, which compares them."""

from vocable.measures.neurograms.score import VISQOL_AUDIO, VISQOL_SPEECH, visqol

__all__ = ["VISQOL_AUDIO", "VISQOL_SPEECH", "visqol"]
