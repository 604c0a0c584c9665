"""Parts of joint sequences, and how tests look at them."""

import numpy as np
import pytest

from tests.tokens.test_layouts import plain
from vocable.tokens import (
    EMPTY,
)
from vocable.tokens.layouts import (
    Joint,
)

ONE, MIMI, E = plain(1), plain(8, sizes=[2048] * 8), EMPTY
FRAMES = pytest.mark.parametrize("frames", [0, 1, 5, 23])


def words(count: int) -> np.ndarray:
    return 100 + np.arange(count)


def named(joint: Joint) -> list[str]:
    """What stands in the only row: its kind's first letter, and its token."""
    pairs = zip(joint.kind[0], joint.token[0], strict=True)
    return [joint.kinds[kind] if kind != E else "-" for kind, _ in pairs]


def same(found, wanted) -> bool:
    return all(np.array_equal(found[name], part) if isinstance(part, np.ndarray)
               else found[name] == part for name, part in wanted.items())  # fmt: skip
