"""What a corpus holds, and what its making took."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vocable.corpus.marks import Item
from vocable.corpus.plan import FOLDER, Plan


@dataclass(frozen=True)
class Report:
    """Sums over the pieces that are made.

    silent      seconds in frames of 20 ms below -60 dBFS
    bits        nominal bits of all tokens
    copies      recordings whose samples are those of an earlier one
    """

    pieces: int
    made: int
    recordings: int = 0
    failed: int = 0
    seconds: float = 0.0
    silent: float = 0.0
    tokens: int = 0
    bits: float = 0.0
    bytes: int = 0
    copies: int = 0
    rates: dict[str, int] = field(default_factory=dict)  # recordings by Hz

    @property
    def whole(self) -> bool:
        """Whether all pieces are made."""
        return self.made == self.pieces

    def to_dict(self) -> dict[str, Any]:
        """Return the sums, with what follows from them."""
        hours = self.seconds / 3600
        return asdict(self) | {
            "hours": round(hours, 4),
            "silent_share": round(self.silent / self.seconds, 4) if self.seconds else None,
            "bits_per_second": round(self.bits / self.seconds, 2) if self.seconds else None,
            "bits_per_second_on_disk": round(8 * self.bytes / self.seconds, 2)
            if self.seconds
            else None,
        }


class Tally:
    """Adds recordings up."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._spec = plan, plan.token_spec
        self._counts: Counter[str] = Counter()
        self._rates: Counter[str] = Counter()
        self._sums = {"seconds": 0.0, "silent": 0.0, "bits": 0.0}

    def add(self, item: Item) -> None:
        """Add a recording."""
        spec, levels = self._spec, self._plan.levels
        streams = -(-item.channels // spec.channels)
        lasts = item.frames / spec.frame_rate
        self._counts["recordings"] += 1
        self._counts["tokens"] += round(float(lasts * spec.tokens_per_second(levels))) * streams
        self._rates[str(item.rate)] += 1
        self._sums["seconds"] += item.seconds
        self._sums["silent"] += item.silent
        self._sums["bits"] += float(lasts * spec.bitrate(levels)) * streams

    def count(self, name: str, more: int = 1) -> None:
        """Count what is no recording's own: made, failed, bytes, copies."""
        self._counts[name] += more

    def report(self) -> Report:
        """Return the sums."""
        sums: dict[str, Any] = {name: round(value, 3) for name, value in self._sums.items()}
        rates = dict(sorted(self._rates.items(), key=lambda each: int(each[0])))
        return Report(self._plan.pieces, **{"made": 0, **self._counts}, **sums, rates=rates)


def runs(folder: Path) -> list[dict[str, Any]]:
    """Return what each run that made pieces took; a line that a death cut is left out."""
    path = folder / FOLDER / "runs.jsonl"
    found = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found
