"""Say what a sweep comes to, and how sure that is.

summarise(study)         a `Summary`: rows of means, differences, ranks, reasons to doubt
table, csv_text, json_text
                         a summary as text for people and for programs
holm, sign_flips         the tests behind it
"""

from vocable.evaluate.summary.differences import holm, sign_flips
from vocable.evaluate.summary.files import csv_text, json_text
from vocable.evaluate.summary.summarise import summarise
from vocable.evaluate.summary.tables import table
from vocable.evaluate.summary.values import Cell, Difference, Doubt, Ranks, Row, Summary

__all__ = [
    "Cell",
    "Difference",
    "Doubt",
    "Ranks",
    "Row",
    "Summary",
    "csv_text",
    "holm",
    "json_text",
    "sign_flips",
    "summarise",
    "table",
]
