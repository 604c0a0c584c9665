"""Prepare recordings of a voice: a folder of snippets with their texts, corrected by ear.

In order: `scan` (where somebody speaks), `stretches` (to 10 ms), `windows` (words), `cuts` (at
pauses), `voices`, `checks`, which make the `analysis` of one recording; `chosen` (whose voice),
`splits`, `made` (the folder), `report`; `run` does it all.
"""

from vocable.speak.prepare.run import Prepared, prepare
from vocable.speak.prepare.set import PreparedSet, Row, TimedWord
from vocable.speak.prepare.settings import Settings

__all__ = ["Prepared", "PreparedSet", "Row", "Settings", "TimedWord", "prepare"]
