"""A live stream is a token file: it reads back whole, and no damage passes."""

import io
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.live import SOME, STEPS, packets
from tests.tokens.strategies import made, tokens
from tests.tokens.test_damage import notices, recovered
from tests.tokens.test_hostile import ID, SIZE, chunk, closed, file_of
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable import testing
from vocable.errors import FormatError, TokenError
from vocable.tokens import (
    IncompleteWarning,
    Level,
    Source,
    TokenFile,
    TokenReader,
    TokenSpec,
    TokenWriter,
    Track,
    joined,
    read_tokens,
)
from vocable.tokens.coder import fit_tables
from vocable.tokens.file import record_writer, short_chunk
from vocable.tokens.file.live_record import LiveRecord
from vocable.tokens.file.records import RecordKind
from vocable.tokens.file.track import Header
from vocable.tokens.file.trailer import IndexEntry, Trailer
from vocable.tokens.spec_parts import MAX_SAMPLES

PACKETS = packets()
DATA = b"".join(PACKETS)


def test_a_step_takes_three_bytes_beside_its_codes():
    assert {len(packet) for packet in PACKETS[2:100]} == {6}  # 2 × 10 bits
    eight = TokenSpec("e@1:ab", 16_000, 640, 1, (Level(1024),) * 8, (8,))
    some = made(eight, 8, 1, 500)
    sent = packets(some)
    size, steps, live = len(b"".join(sent)), 500 * 13, 4 * len(sent[0])
    assert steps < size < steps + live + 300  # 2.6 kbit/s, and a live record every 5 s


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 50, 300])
def test_what_was_written_is_read(frames):
    data = b"".join(packets(frames=frames))
    assert read_tokens(io.BytesIO(data)) == SOME
    reader = TokenReader(io.BytesIO(data))
    pieces = [piece for _, piece in reader]
    assert joined(pieces) == SOME[:STEPS]  # without the source
    assert reader.live and reader.complete and reader.source() == SOME.source
    with TokenFile(io.BytesIO(data)) as file:
        for start, stop in [(0, 1), (7, 130), (124, 127), (299, 300), (0, 300)]:
            assert file[start:stop] == SOME[start:stop]


@given(tokens(lasting=False), st.integers(1, 9))
def test_any_tokens_are_read_back(some, steps):
    step = Track.of(some).unit * steps
    assert read_tokens(io.BytesIO(b"".join(packets(some, step)))) == some


@given(tokens(lasting=False), st.integers(0, 10**9), st.integers(1, 255))
def test_any_changed_byte_is_noticed(some, at, flip):
    data = bytearray(b"".join(packets(some, Track.of(some).unit)))
    data[at % len(data)] ^= flip
    assert notices(bytes(data))


def test_every_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "live.vcb"
    data = b"".join(packets(made(SPEECH, 2, 1, 12, 12 * 640, Source(12 * 640, 16_000))))
    path.write_bytes(data)
    testing.check_damage_is_noticed(path, range(len(data)))


def test_a_lost_doubled_or_swapped_chunk_is_noticed():
    for at in (1, 2, 125, 126, 127, 250, 299, 300, 301):
        assert notices(b"".join(PACKETS[:at] + PACKETS[at + 1 :])), at
        assert notices(b"".join(PACKETS[: at + 1] + PACKETS[at:])), at
        if at < 300:
            swapped = [PACKETS[at + 1], PACKETS[at]]
            assert notices(b"".join(PACKETS[:at] + swapped + PACKETS[at + 2 :])), at


def test_a_gap_that_the_numbers_cannot_show_is_noticed_at_the_next_live_record():
    """Numbers of chunks repeat after 128; a live record says how many frames came before it."""
    fast = TokenSpec("fast@1:ab", 16_000, 320, 1, (Level(1024),), (1,))
    sent = packets(made(fast, 1, 1, 260))
    assert sent[11][0] == sent[139][0]
    data = b"".join(sent[:11] + sent[139:])
    with pytest.raises(FormatError, match="the live record at byte .* counts 250 frames, 122 came"):
        list(TokenReader(io.BytesIO(data)))


def test_a_stream_cut_anywhere_opens_up_to_its_last_chunk():
    whole = len(PACKETS[0])
    for end in range(whole, whole + 40):
        with pytest.warns(IncompleteWarning, match="no trailer"):
            assert read_tokens(io.BytesIO(DATA[:end])).frames == (end - whole) // 6


def test_recovery_loses_only_the_damaged_chunks():
    offsets = np.cumsum([0, *map(len, PACKETS)])
    data = bytearray(DATA)
    data[offsets[50] + 3] ^= 1
    assert recovered(bytes(data)).read() == SOME[:49] + SOME[50:]
    cut = DATA[: offsets[50] + 2] + DATA[offsets[52] + 1 :]
    file = recovered(cut)
    assert [(float(gap.start), float(gap.stop)) for gap in file.gaps] == [(1.96, 2.08)]
    assert file.read() == SOME[:49] + SOME[52:]


def test_recovery_gives_only_what_was_written():
    random = np.random.default_rng(0)
    written = {frame.tobytes() for frame in SOME.codes.T}
    for _ in range(8):
        broken = bytearray(DATA)
        for at in random.integers(len(PACKETS[0]), len(DATA), 20):
            broken[at] ^= random.integers(1, 256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_tokens(io.BytesIO(bytes(broken)), recover=True)
        assert 270 < found.frames < 300
        assert all(frame.tobytes() in written for frame in found.codes.T)


def test_the_index_of_a_stream_of_days_fits(monkeypatch):
    """Live records lie among frames in the index: apart they could not be merged."""
    monkeypatch.setattr(record_writer, "ENTRY_BYTES", 20)
    monkeypatch.setattr(record_writer, "MAX_INDEX", 8)
    monkeypatch.setattr("vocable.tokens.file.trailer.MAX_INDEX", 8)
    data = b"".join(packets())
    with TokenFile(io.BytesIO(data)) as file:
        assert file.read() == SOME and file[200:260] == SOME[200:260]


def test_streams_without_short_chunks():
    """Segments, and more codes than a short chunk holds: every chunk has a head."""
    wide = TokenSpec("wide@1:ab", 16_000, 640, 1, (Level(1024),) * 205, (205,))
    assert short_chunk.codes_size(Track(wide)) == 0
    for some in (made(wide, 205, 1, 3), made(ENCODEC48, 2, 1, 300)):
        unit = Track.of(some).unit
        parts = packets(some, unit)
        assert read_tokens(io.BytesIO(b"".join(parts))) == some
        assert all(a[:3] == b"\xa5\x5a\x84" for a in parts[1:-1])


def test_levels_of_several_rates_come_in_steps():
    some = made(SNAC, 3, 1, 12)
    sent = packets(some, 4)
    assert [len(packet) for packet in sent[1:4]] == [3 + 11] * 3  # 7 × 12 bits
    assert read_tokens(io.BytesIO(b"".join(sent))) == some


def live(samples=None, frames=0, header=None, file_id=ID):
    header = header or Header({"": Track(SPEECH)})
    return RecordKind.LIVE, LiveRecord(file_id, samples, frames, header).to_bytes()


ONE = b"".join([short_chunk.encode(Track(SPEECH), 0, SOME[:1])])


@pytest.mark.parametrize(
    "records, more, message",
    [
        ([], ONE, "a short chunk comes at byte .* before a live record"),
        ([live(frames=1)], b"", "counts 1 frames, 0 came"),
        ([live(header=Header({"": Track(SPEECH, levels=1)}))], b"", "has another header"),
        ([live(file_id=b"else")], b"", "is of another stream"),
        ([live(5), live()], b"", "states other samples than before"),
        ([live(5), live(6)], b"", "states other samples than before"),
        ([live(MAX_SAMPLES + 1)], b"", "claims 1152921504606846977 samples|more than may be"),
        ([(RecordKind.LIVE, ID + b"\0")], b"", "runs past the end"),
        ([live(header=Header({"a": Track(SPEECH), "b": Track(SPEECH)}))], b"", "has one track"),
        ([live()], ONE[:-1] + b"\0", "checksum mismatch in the short chunk"),
        ([live()], ONE + ONE, "begins at frame 0, not 1"),
    ],
)
def test_hostile_live_streams_are_refused(records, more, message):
    data = file_of(*records) + more
    with pytest.raises(FormatError, match=message):
        list(TokenReader(io.BytesIO(data)))
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(data))


def test_a_trailer_that_contradicts_a_live_record_is_refused():
    size = len(file_of(live(639))) - len(file_of())
    entries = (IndexEntry(size, (0,)), IndexEntry(SIZE, (1,)))
    data = closed(Trailer((640,), (1,), entries), live(639), chunk(0, 1, bytes(3)))
    with pytest.raises(FormatError, match="the trailer states other samples than a live record"):
        list(TokenReader(io.BytesIO(data)))


def test_what_cannot_be_a_live_stream_is_refused():
    both = {"a": Track(SPEECH), "b": Track(SPEECH)}
    with pytest.raises(TokenError, match="one track, and no durations"):
        TokenWriter(io.BytesIO(), both, live=True)
    with pytest.raises(TokenError, match="one track, and no durations"):
        TokenWriter(io.BytesIO(), Track(SPEECH, durations=True), live=True)
    tables = {"": fit_tables([SOME])}
    with pytest.raises(TokenError, match="only tables that ship"):
        TokenWriter(io.BytesIO(), Track(SPEECH), tables=tables, live=True)
    with pytest.raises(TokenError, match="only a live stream"):
        TokenWriter(io.BytesIO(), Track(SPEECH)).announce(5)
    file = TokenWriter(io.BytesIO(), Track(SPEECH), live=True)
    with pytest.raises(TokenError, match="samples must be"):
        file.announce(-1)
    file.announce(0)
    with pytest.raises(TokenError, match="0 samples were announced, got 640"):
        file.finish(640)


def test_a_live_stream_is_announced_every_5_s():
    starts = [at for at in range(len(DATA)) if DATA.startswith(b"\xa5\x5a\x86", at)]
    assert len(starts) == 4  # at 0, 5 and 10 s, and before the last frame
    assert [b - a for a, b in pairwise(starts)][0] == len(PACKETS[0]) - starts[0] + 125 * 6
