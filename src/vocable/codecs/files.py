"""Encode and decode files of any length in bounded memory, block by block.

What is written stands under its final name when it is whole, and not before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vocable.codecs.base import Codec


def encode_to(
    codec: Codec,
    source: str | Path,
    target: str | Path,
    *,
    levels: int | None = None,
    mix: bool = False,
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> None:
    """x"""


def decode_to(
    codec: Codec,
    source: str | Path,
    target: str | Path,
    *,
    rate: int | None = None,
    trust_space: bool = False,
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> None:
    """x"""
