"""Say what can be judged: anything that makes a recording of a recording.

A system is opened in each process that judges, so it has to be one that pickle takes: an instance
of a class, or a function, of a module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from vocable.audio import Audio
from vocable.evaluate.recording import Recording
from vocable.tokens import AudioTokens

CONTROL = "control"  # the family of control rows
ORIGINAL = "original"  # the control that is the recording as it is
LONGEST = 30.0  # seconds: PESQ is not defined for more; of longer recordings the start is judged


@dataclass(frozen=True)
class Made:
    """What a system made of one recording.

    audio    what came back; its rate, channels and length are its own
    bits     what had to be stored or sent for the whole recording; None where nobody knows. Of
             tokens their nominal bits: seconds × `AudioTokens.bitrate`
    tokens   the tokens, where there are some that vocable can read
    """

    audio: Audio
    bits: float | None = None
    tokens: AudioTokens | None = None


Make = Callable[[Recording], Made]
"""What an opened system does; it may raise anything, which becomes the reason of a fault."""


@runtime_checkable
class System(Protocol):
    """Something to be judged.

    name     what tables call it; no two of one sweep share it
    family   what it is a point of: systems of one family are joined in plots, in order of their
             rates, and are opened together, so that levels of a codec share what is encoded
    """

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def family(self) -> str:
        """What it is a point of."""
        ...

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return what decides on the sound that it makes of the recording of this name.

        Numbers, text and lists by name, which go into JSON: what computes, its version, its
        settings, hashes of weights or files. Results count again where all of it is equal.
        """
        ...

    def open(self) -> Make:
        """Load what is needed; return what judges a recording, in the process that calls."""
        ...
