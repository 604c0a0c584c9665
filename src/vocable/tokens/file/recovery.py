"""Find the records of a file that has no trailer, or is damaged."""

from __future__ import annotations

from ...errors import FormatError
from ...nearest import listed
from . import short_chunk
from .contents import Contents, Gap, RecordRun
from .opening import Bytes
from .record_finder import ByteReader, RecordFinder
from .record_validator import RecordValidator
from .records import CRC_BYTES, DamagedRecord, Record, RecordKind, Truncated, read_record
from .track import Header
from .trailer import SIZE_BYTES


def read_in_order(data: Bytes, file_id: bytes, header: Header, start: int) -> Contents:
    """Read every record from byte `start` on.

    A file that ends without a trailer is fine; FormatError for one that is damaged.
    """
    search = _Search(header, lenient=False)
    offset, short = start, short_chunk.codes_size_in(header)
    try:
        while (record := read_record(ByteReader(data, offset), file_id, offset, short)) is not None:
            offset += record.size
            search.add(record)
            if record.kind == RecordKind.TRAILER:
                raise FormatError("bytes follow the trailer, or it states its own size wrongly")
    except Truncated as error:
        _check_truncation(RecordFinder(data, file_id, short), data, offset, error)
    except FormatError as error:
        raise FormatError(
            f"{error}; audio from {search.seconds:.2f} s on is lost, "
            "read with recover=True for the rest"
        ) from error
    problem = f"no trailer, so writing was broken off; {search.seconds:.2f} s are there"
    return Contents(tuple(search.runs), None, problem=problem)


def _check_truncation(finder: RecordFinder, data: Bytes, offset: int, error: Truncated) -> None:
    """Refuse a file whose last record claims a wrong length, which is damage.

    It differs from one that just ends: records follow, or the last bytes are those of a trailer.
    """
    stated = int.from_bytes(bytes(data[-SIZE_BYTES - CRC_BYTES : -CRC_BYTES]), "little")
    if stated == len(data) - offset or finder.find(offset + 1) is not None:
        raise DamagedRecord(
            f"the record at byte {offset} is damaged; read with recover=True for the rest"
        ) from error


def recover(data: Bytes, file_id: bytes, header: Header, start: int) -> Contents:
    """Take every undamaged record in ascending order, and say what time is lost."""
    search = _Search(header, lenient=True)
    finder = RecordFinder(data, file_id, short_chunk.codes_size_in(header))
    offset, clean = start, True
    while (record := finder.find(offset)) is not None:
        clean = clean and record.offset == offset
        offset = record.offset + record.size
        try:
            search.add(record)
        except FormatError:
            clean = False
    trailer = search.validator.trailer
    if trailer is not None:
        search.lose_ends(trailer.frames)
    problem = search.problem(clean and offset == len(data))
    return Contents(tuple(search.runs), trailer, None, tuple(search.gaps), problem)


class _Search:
    """The records found so far, and the gaps between them."""

    def __init__(self, header: Header, lenient: bool) -> None:
        self.validator = RecordValidator(header, lenient=lenient)
        self.runs: list[RecordRun] = []
        self.gaps: list[Gap] = []

    @property
    def seconds(self) -> float:
        return float(self.validator.seconds)

    def add(self, record: Record) -> None:
        """Add a record and the frames it holds; FormatError for one that cannot be used."""
        validator = self.validator
        counted = record.kind != RecordKind.SHORT
        if validator.lenient and counted and record.sequence < validator.next_sequence:
            raise DamagedRecord(f"the record at byte {record.offset} is doubled or out of order")
        count = len(validator.tracks)
        starts, frames = [0] * count, [0] * count
        if validator.accept(record):
            if record.is_chunk:
                start, length = self._add_chunk(record)
                starts[record.track], frames[record.track] = start, length
            else:
                validator.read_metadata(record)
        if record.kind != RecordKind.TRAILER:
            self.runs.append(RecordRun(record.offset, record.size, tuple(starts), tuple(frames)))

    def _add_chunk(self, record: Record) -> tuple[int, int]:
        validator = self.validator
        if validator.lenient:
            validator.decode(record)  # a chunk that cannot be decoded is lost
        before = validator.track_state(record).frames
        header = validator.advance(record)
        self._lose(validator.track_name(record), before, header.start)
        return header.start, header.frames

    def lose_ends(self, frames: tuple[int, ...]) -> None:
        """Note what is missing of each track before its last frame, by the trailer's count."""
        for (name, state), total in zip(self.validator.tracks.items(), frames, strict=True):
            self._lose(name, state.frames, total)

    def _lose(self, name: str, start: int, stop: int) -> None:
        if start < stop:
            spec = self.validator.tracks[name].track.spec
            self.gaps.append(Gap(name, spec.seconds(start), spec.seconds(stop)))

    def problem(self, clean: bool) -> str:
        """Say in words what is missing; nothing for a file that is whole."""
        if self.gaps:
            times = [f"{float(gap.start):.2f} to {float(gap.stop):.2f} s" for gap in self.gaps]
            return f"damaged; lost {listed(times)}"
        if self.validator.trailer is None:
            return f"no trailer; what is lost after {self.seconds:.2f} s is not known"
        return "" if clean else "damaged, but all tokens are there"
