"""Hold what is known of one recording in one system, as a line of JSON and as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """What was found of one recording in one system.

    recording   hash of the samples, rate and channels (16 hex digits)
    made_by     hash of the system's identity (16 hex digits)
    system      the system's name, of `family`
    name        the recording's name, of the `set` and by the `speaker` (its own name if unknown)
    seconds     of the recording
    fault       why the system made nothing, in one line; empty if it made something
    delay       seconds by which what it made comes late
    bits        of the whole recording, as `Made.bits`; None where unknown
    tokens      hash that names the file of its tokens, `tokens/HASH.vcb`; empty without tokens
    scores      by measure
    unscored    why measures have no value, by measure
    versions    of each measure in `scores` or `unscored`: its definition's, and what computed it
    words       what a recogniser heard, by recogniser
    voice       the embedding of the speaker, of length 1, by embedding
    """

    recording: str
    made_by: str
    system: str
    family: str
    name: str
    set: str
    speaker: str
    seconds: float
    fault: str = ""
    delay: float = 0.0
    bits: float | None = None
    tokens: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    unscored: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    voice: Mapping[str, list[float]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What it is of: a recording, and what made it."""
        return self.recording, self.made_by

    @property
    def bitrate(self) -> float | None:
        """Bit per second; None where unknown."""
        return None if self.bits is None or not self.seconds else self.bits / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return a row of the file, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", {}, None)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Result:
        """Return the result of a row; TypeError for keys that are missing or not known."""
        return cls(**row)
