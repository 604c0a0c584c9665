"""Judge systems by what they made: intervals that say whether a difference is more than chance."""

from vocable.evaluate.intervals import (
    Interval,
    bootstrap_interval,
    paired_interval,
    standard_error,
)

__all__ = ["Interval", "bootstrap_interval", "paired_interval", "standard_error"]
