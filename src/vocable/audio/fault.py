"""What a decoder raises where a recording cannot be decoded."""

from __future__ import annotations

FETCH = "fetch it again"


class Fault(EOFError):
    """A place where decoding fails; all samples before it have been read."""

    def __init__(self, reason: str, *, goes_on: bool = False, advice: str = FETCH) -> None:
        super().__init__(reason)
        self.goes_on = goes_on  # whether the decoder reads on behind it
        self.advice = advice
