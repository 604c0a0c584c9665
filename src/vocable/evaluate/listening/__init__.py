"""Let people judge: a listening test as a folder with a page, and what its results say.

The method is MUSHRA (Recommendation ITU-R BS.1534-3): in each trial a listener compares several
versions of one recording with the open reference and gives each a score of 0 to 100. Among the
versions are the reference itself, hidden, and two anchors without high frequencies.
"""

from vocable.evaluate.listening.analysis import (
    ListeningSummary,
    Preference,
    SystemScore,
    analyse,
)
from vocable.evaluate.listening.folders import find_trials
from vocable.evaluate.listening.making import ListeningTest, make_test
from vocable.evaluate.listening.stimuli import Trial

__all__ = [
    "ListeningSummary",
    "ListeningTest",
    "Preference",
    "SystemScore",
    "Trial",
    "analyse",
    "find_trials",
    "make_test",
]
