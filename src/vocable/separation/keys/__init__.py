"""Layouts of separators in checkpoints of others; the contract is `codecs/keys/checkpoint.py`."""

from vocable.codecs.keys.checkpoint import Layout
from vocable.separation.keys import asteroid


def layouts() -> tuple[Layout, ...]:
    """Return the layouts that are known."""
    return (asteroid,)
