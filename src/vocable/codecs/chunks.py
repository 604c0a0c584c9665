"""Say how a program cuts tokens into chunks that it decodes one by one.

A published codec may only be defined so: its own program decodes each chunk by itself, behind a few
frames before it whose sound is cut off. Where a decoder looks further back than these, the sound is
another than that of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vocable.errors import TokenError


@dataclass(frozen=True)
class Chunks:
    """Chunks of `frames` frames, each decoded behind the `context` frames before it."""

    frames: int
    context: int = 0

    def __post_init__(self) -> None:
        if self.frames < 1 or self.context < 0:
            raise TokenError(
                f"chunks have 1 frame or more and a context of 0 or more, got {self.frames} and "
                f"{self.context}"
            )

    def cuts(self, frames: int) -> Iterator[tuple[slice, int]]:
        """Yield what is decoded for each chunk of so many frames, and how many lie before it."""
        for start in range(0, frames, self.frames):
            before = min(self.context, start)
            yield slice(start - before, min(start + self.frames, frames)), before
