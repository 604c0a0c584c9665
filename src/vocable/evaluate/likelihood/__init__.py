"""Ask models which of two recordings is the more likely: consistency, order, words, grammar.

Pair, read_pairs   two recordings, and sets of them: our own, SALMon's, ZeroSpeech's
System, judge      models, and how often they choose the right one, with intervals
making             pairs made of recordings: speakers, rooms, noises spliced, stretches reordered
"""

from vocable.evaluate.likelihood.accuracy import CHANCE, Accuracy, accuracies
from vocable.evaluate.likelihood.judging import Judged, Likely, System, judge
from vocable.evaluate.likelihood.pairs import Pair
from vocable.evaluate.likelihood.reading import read_pairs

__all__ = [
    "CHANCE",
    "Accuracy",
    "Judged",
    "Likely",
    "Pair",
    "System",
    "accuracies",
    "judge",
    "read_pairs",
]
