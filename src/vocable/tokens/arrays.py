"""Say what slices, joins, pictures and formats ask of tokens, and what the first two give back.

They work on anything that has these properties, so that `AudioTokens` can build on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from .spec import TokenSpec


class TokenArrays(NamedTuple):
    """The arrays that tokens hold, in the order in which `AudioTokens` takes them."""

    stacks: tuple[np.ndarray, ...]
    sides: dict[str, np.ndarray]
    durations: np.ndarray | None


@runtime_checkable
class TokensLike(Protocol):
    """What `AudioTokens` knows of itself; see there."""

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def stacks(self) -> tuple[np.ndarray, ...]: ...

    @property
    def sides(self) -> Mapping[str, np.ndarray]: ...

    @property
    def durations(self) -> np.ndarray | None: ...

    @property
    def streams(self) -> int: ...

    @property
    def levels(self) -> int: ...

    @property
    def frames(self) -> int: ...

    @property
    def segments(self) -> tuple[int, ...]: ...

    @property
    def seconds(self) -> Fraction: ...

    @property
    def bitrate(self) -> Fraction: ...
