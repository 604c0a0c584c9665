"""A vocabulary of eight units behind a small text, and the texts of letters."""

from dataclasses import replace

from tests.tokens.test_spec import HUBERT, SPEECH
from vocable.tokens import AcousticBPE, AudioTokens, Level, Vocabulary

TEXT = 30
# Ten frames of 40 ms, whose middles are at 20, 60, 100 … ms; three words, silence before the last.
CODES = [5, 5, 3, 3, 3, 1, 1, 2, 2, 2]
WORDS = [(0.05, 0.1, "a"), (0.1, 0.2, "b"), (0.28, 0.36, "c")]
UNITS = replace(SPEECH, rate=16_000, frame=640, levels=(Level(8),), prefixes=(1,))  # 40 ms
WINDOWED = replace(HUBERT, levels=(Level(8),))  # 20 ms, each frame of 25 ms
SPIRIT = Vocabulary.of(UNITS, text=TEXT, specials=("text", "speech"))  # 30, 31; units from 32


def letters(text):
    """Ids of a text: a is 1, b is 2; words stand apart."""
    return [ord(letter) - 96 for letter in text if letter != " "]


def units(codes, spec=UNITS):
    return AudioTokens(spec, ([list(codes)],))


def merged(base, codes, more=2):
    return AcousticBPE.train(base, [units(codes, base.spec)], base.size + more)
