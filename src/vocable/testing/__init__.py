"""Check the laws of vocable, on its parts or on your own.

Each checker is one function that returns nothing and raises AssertionError, saying what broke the
law, where and by how much. `blocks()`, `quantizers()`, `codecs()` and `layouts()` are the examples
that vocable's own tests run every law over.
"""

from vocable.testing.blocks import (
    check_batch_equals_singles,
    check_lookahead,
    check_old_state_unharmed,
    check_rows_join_and_leave,
    check_state_bounded,
    check_steps_equal_whole,
)
from vocable.testing.examples import blocks

__all__ = [
    "blocks",
    "check_batch_equals_singles",
    "check_lookahead",
    "check_old_state_unharmed",
    "check_rows_join_and_leave",
    "check_state_bounded",
    "check_steps_equal_whole",
]
