"""Find the records of a file that has no index, or is damaged."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from ...errors import FormatError
from .closing import SIZE_BYTES, Closing
from .records import CRC_BYTES, Cut, Damage, Finder, Kind, Record, View, read_record
from .streams import Bytes
from .track import Header
from .walk import Walk


@dataclass(frozen=True)
class Run:
    """Records in a row: where they lie, and which base frames of each track they hold."""

    at: int
    size: int
    starts: tuple[int, ...]
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Gap:
    """Time of a track that is lost, in seconds."""

    track: str
    start: Fraction
    stop: Fraction


@dataclass(frozen=True)
class Found:
    """The records of a file, its closing record if it has one, and what is missing, in words."""

    runs: tuple[Run, ...]
    closing: Closing | None
    gaps: tuple[Gap, ...] = ()
    problem: str = ""


@dataclass
class _Search:
    """The runs found so far."""

    header: Header
    lenient: bool
    runs: list[Run] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.walk = Walk(self.header, lenient=self.lenient)

    def take(self, record: Record) -> None:
        """Note a record and which frames it holds; FormatError for one that is no use."""
        if self.lenient and record.sequence < self.walk.sequence:
            raise Damage(f"the record at byte {record.at} is doubled or out of place")
        count = len(self.header.tracks)
        starts, frames = [0] * count, [0] * count
        if self.walk.order(record):
            if record.kind == Kind.CHUNK:
                if self.lenient:
                    self.walk.tokens(record)  # what cannot be decoded is lost
                before = list(self.walk.rows.values())[record.track].frames
                shape = self.walk.place(record)
                if shape.start > before:
                    self.lose(self.walk.name(record), before, shape.start)
                starts[record.track], frames[record.track] = shape.start, shape.frames
            else:
                self.walk.note(record)
        if record.kind != Kind.CLOSING:
            self.runs.append(Run(record.at, record.size, tuple(starts), tuple(frames)))

    def lose(self, name: str, start: int, stop: int) -> None:
        """Note that frames `start` to `stop` of a track are lost."""
        spec = self.header.tracks[name].spec
        self.gaps.append(Gap(name, spec.seconds(start), spec.seconds(stop)))

    @property
    def seconds(self) -> float:
        """How far the longest track has come."""
        return max(float(r.track.spec.seconds(r.frames)) for r in self.walk.rows.values())


def scan_runs(data: Bytes, file_id: bytes, header: Header, start: int) -> Found:
    """Read every record in order; a file without an end is fine, one with damage is refused."""
    search = _Search(header, lenient=False)
    at = start
    try:
        while (record := read_record(View(data, at), file_id, at)) is not None:
            at += record.size
            search.take(record)
            if record.kind == Kind.CLOSING:
                raise FormatError("bytes follow the closing record, or it counts its own wrongly")
    except Cut as cut:
        _check_cut(data, file_id, at, cut)
    except FormatError as error:
        raise FormatError(
            f"{error}; audio from {search.seconds:.2f} s on is lost, "
            "read with recover=True for the rest"
        ) from error
    problem = f"no closing record, so the writing was broken off; {search.seconds:.2f} s are there"
    return Found(tuple(search.runs), None, (), problem)


def _check_cut(data: Bytes, file_id: bytes, at: int, cut: Cut) -> None:
    """Tell a file that just ends from one whose last length is wrong: what follows would tell."""
    trailer = bytes(data[-SIZE_BYTES - CRC_BYTES : -CRC_BYTES])
    closed = int.from_bytes(trailer, "little") == len(data) - at
    if closed or Finder(data, file_id).find(at + 1) is not None:
        raise Damage(
            f"the record at byte {at} is damaged; read with recover=True for the rest"
        ) from cut


def recover_runs(data: Bytes, file_id: bytes, header: Header, start: int) -> Found:
    """Take every record that is whole and in its place, and say what time is lost."""
    search = _Search(header, lenient=True)
    finder = Finder(data, file_id)
    at, clean = start, True
    while (record := finder.find(at)) is not None:
        clean = clean and record.at == at
        at = record.at + record.size
        try:
            search.take(record)
        except FormatError:
            clean = False
    closing = search.walk.closing
    if closing is not None:
        for (name, row), frames in zip(search.walk.rows.items(), closing.frames, strict=True):
            if row.frames < frames:
                search.lose(name, row.frames, frames)
    clean = clean and at == len(data)
    return Found(tuple(search.runs), closing, tuple(search.gaps), _problem(search, clean))


def _problem(search: _Search, clean: bool) -> str:
    """Say in words what is missing; nothing for a file that is whole."""
    if search.gaps:
        shown = [f"{float(gap.start):.2f} to {float(gap.stop):.2f} s" for gap in search.gaps[:5]]
        more = f" and {len(search.gaps) - 5} more" if len(search.gaps) > 5 else ""
        return f"damaged; lost {', '.join(shown)}{more}"
    if search.walk.closing is None:
        return f"no closing record; what is lost after {search.seconds:.2f} s is not known"
    return "" if clean else "damaged, but all tokens are there"
