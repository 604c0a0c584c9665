"""Judge systems by what they made: intervals that say whether a difference is more than chance.

`token_use` counts the tokens of a set of recordings: how each level is used, and four bitrates.
"""

from vocable.evaluate.intervals import (
    Interval,
    bootstrap_interval,
    paired_interval,
    standard_error,
)
from vocable.evaluate.token_use import Bitrates, LevelUse, TokenUse, token_use

__all__ = [
    "Bitrates",
    "Interval",
    "LevelUse",
    "TokenUse",
    "bootstrap_interval",
    "paired_interval",
    "standard_error",
    "token_use",
]
