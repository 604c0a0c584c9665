"""What a corpus holds, and what its making took."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from numbers import Rational
from pathlib import Path
from typing import Any

from vocable.corpus.marks import Item, Mark
from vocable.corpus.plan import FOLDER, Plan
from vocable.errors import FormatError


@dataclass(frozen=True)
class Report:
    """Sums over the pieces that are made.

    silent      seconds in frames of 20 ms below -60 dBFS
    bits        nominal bits of all tokens
    copies      recordings whose samples are those of an earlier one
    same_ids    recordings of tars or tables that have the id of an earlier one
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
    same_ids: int = 0
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
            "silent_share": _share(self.silent, self.seconds, 4),
            "bits_per_second": _share(self.bits, self.seconds, 2),
            "bits_per_second_on_disk": _share(8 * self.bytes, self.seconds, 2),
        }


def _share(part: float, whole: float, digits: int) -> float | None:
    return round(part / whole, digits) if whole else None


class Tally:
    """Adds pieces up."""

    def __init__(self, plan: Plan) -> None:
        self._plan, spec = plan, plan.token_spec
        self._channels = spec.channels  # and what each frame of a stream comes to, exactly:
        self._tokens = _parts(spec.tokens_per_second(plan.levels) / spec.frame_rate)
        self._bits = _parts(spec.bitrate(plan.levels) / spec.frame_rate)
        self._counts: Counter[str] = Counter()
        self._rates: Counter[int] = Counter()
        self._sums = {"seconds": 0.0, "silent": 0.0, "bits": 0.0}
        self._digests: dict[bytes, str] = {}  # with the id of the first that has it
        self._ids: set[str] = set()

    def add(self, mark: Mark) -> list[tuple[str, str]]:
        """Add a piece; return its recordings whose sound an earlier one has, and that one."""
        self._counts["made"] += 1
        self._counts["failed"] += len(mark.failed)
        self._counts["bytes"] += sum(size for size, _ in mark.files.values())
        firsts = [(item.id, self._add(item)) for item in mark.items]
        return [(name, first) for name, first in firsts if first is not None]

    def _add(self, item: Item) -> str | None:
        streams = item.streams(self._channels)
        digest = bytes.fromhex(item.digest)
        first = self._digests.get(digest)
        if first is None:
            self._digests[digest] = item.id
        self._counts["copies"] += first is not None
        self._counts["recordings"] += 1
        self._counts["tokens"] += round(_times(item.frames, self._tokens)) * streams
        self._counts["same_ids"] += item.id in self._ids
        self._ids.add(item.id)
        self._rates[item.rate] += 1
        self._sums["seconds"] += item.seconds
        self._sums["silent"] += item.silent
        self._sums["bits"] += _times(item.frames, self._bits) * streams
        return first

    def report(self) -> Report:
        """Return the sums."""
        sums: dict[str, Any] = {name: round(value, 3) for name, value in self._sums.items()}
        rates = {str(rate): count for rate, count in sorted(self._rates.items())}
        return Report(self._plan.pieces, **{"made": 0, **self._counts}, **sums, rates=rates)


def _parts(ratio: Rational) -> tuple[int, int]:
    return int(ratio.numerator), int(ratio.denominator)


def _times(count: int, parts: tuple[int, int]) -> float:
    """Return `count` times a ratio, rounded once: a fraction of each recording takes longer."""
    return count * parts[0] / parts[1]


def written_report(folder: Path) -> dict[str, Any] | None:
    """Return what report.json says, None while a corpus is not finished."""
    path = folder / FOLDER / "report.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        int(found["recordings"])
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise FormatError(
            f"{path} is damaged ({error}); run `vocable corpus encode` again"
        ) from error
    return found


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
