"""Run systems over sets of recordings; all that is found is kept in a folder.

sweep            runs one, or goes on with one, and returns a `Study` of `Result`s
read_study       reads one back, `read_kept` its tokens
sounds           what systems made of chosen recordings, to listen to
"""

from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.run import check, sweep
from vocable.evaluate.sweep.sounds import Sounds, sounds
from vocable.evaluate.sweep.store import read_kept, read_study
from vocable.evaluate.sweep.study import Study, by_recording

__all__ = [
    "Result",
    "Sounds",
    "Study",
    "by_recording",
    "check",
    "read_kept",
    "read_study",
    "sounds",
    "sweep",
]
