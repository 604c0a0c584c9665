"""Judge systems side by side over sets of recordings, with all that is known kept in a folder."""

from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.study import CONTROL, ORIGINAL, Study, by_recording
from vocable.evaluate.sweep.summarise import summarise
from vocable.evaluate.sweep.summary import Cell, Difference, Doubt, Ranks, Row, Summary
from vocable.evaluate.sweep.system import Made, Make, System

__all__ = [
    "CONTROL",
    "ORIGINAL",
    "Cell",
    "Difference",
    "Doubt",
    "Made",
    "Make",
    "Ranks",
    "Result",
    "Row",
    "Study",
    "Summary",
    "System",
    "by_recording",
    "summarise",
]
