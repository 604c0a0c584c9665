"""Every damaged byte is noticed, what is whole is recovered, and harm finds its limits."""

import io
import json
import os
import time
import tracemalloc
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, tokens
from tests.tokens.test_file import speech, written
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import FormatError
from vocable.tokens import (
    AudioTokens,
    IncompleteWarning,
    Level,
    Side,
    Source,
    TokenFile,
    TokenReader,
    TokenSpec,
    TokenWriter,
    read_tokens,
)
from vocable.tokens.bits import varint, varints
from vocable.tokens.coder import Table, TableSet, fit_tables
from vocable.tokens.file import closing as closings
from vocable.tokens.file.closing import Closing, Entry
from vocable.tokens.file.records import NUMBERED, SYNC, Kind, preamble, record
from vocable.tokens.file.track import Header, Track

ID = b"abcd"
GOLDEN = Path(__file__).parents[1] / "golden"


def live(some, frames):
    """Return the bytes of a file of chunks of `frames` frames, and where each chunk begins."""
    target = io.BytesIO()
    places = []
    with TokenWriter(target, Track.of(some), chunk_seconds=0) as file:
        for start in range(0, some.frames, frames):
            places.append(target.tell())
            file.write(some[start : start + frames])
        file.finish(some.source.samples if some.source else None)
    return target.getvalue(), places


SOME = made(SPEECH, 2, 1, 60, 60 * 640, Source(60 * 640, 16_000))
LIVE, PLACES = live(SOME, 10)


def notices(data, track=None):
    """Say whether reading refuses or warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read_tokens(io.BytesIO(data), track=track)
        except (FormatError, IncompleteWarning):
            return True
    return False


def coded():
    """Return a file of coded chunks that carries its tables."""
    spec = TokenSpec("small@1:ab", 16_000, 640, 1, (Level(8), Level(8)), (1, 2))
    some = AudioTokens(spec, (np.arange(500)[None] % 13 % 8 % 3,) * 2)
    sizes = []
    for tables in (None, fit_tables([some])):
        target = io.BytesIO()
        with TokenWriter(target, Track.of(some), tables={"": tables}) as file:
            file.write(some)
        sizes.append(len(target.getvalue()))
    assert sizes[1] < sizes[0]
    return target.getvalue()


@pytest.mark.parametrize("data", [LIVE, coded(), written(made(SNAC, 3, 2, 9))],
                         ids=["live", "coded", "coarse"])  # fmt: skip
def test_every_changed_byte_is_noticed(data):
    random = np.random.default_rng(0)
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= random.integers(1, 256)
        assert notices(bytes(broken)), at


@given(tokens(), st.integers(0, 10**9), st.integers(1, 255))
def test_any_changed_byte_of_any_file_is_noticed(some, at, flip):
    data = bytearray(written(some))
    data[at % len(data)] ^= flip
    assert notices(bytes(data))


@given(tokens(), st.integers(0, 10**9), st.binary(max_size=9), st.integers(0, 9))
def test_any_change_of_length_is_noticed(some, at, put, gone):
    data = written(some)
    place = at % (len(data) + 1)
    broken = data[:place] + put + data[place + gone :]
    assert broken == data or notices(broken)


@given(st.binary(max_size=300))
def test_noise_is_refused(noise):
    for data in (noise, LIVE[:9] + noise, LIVE[: PLACES[0]] + noise):
        if data != LIVE[: PLACES[0]]:
            assert notices(data)


def test_a_file_cut_anywhere_opens_up_to_its_last_chunk():
    for end in range(PLACES[0], len(LIVE)):
        whole = sum(place <= end for place in [*PLACES[1:], end_of_chunks()])
        with pytest.warns(IncompleteWarning, match="broken off"):
            assert read_tokens(io.BytesIO(LIVE[:end])) == SOME[: 10 * whole]


def end_of_chunks():
    claimed = int.from_bytes(LIVE[-8:-4], "little")
    return len(LIVE) - claimed


def test_a_file_cut_in_its_head_is_refused():
    for end in range(PLACES[0]):
        with pytest.raises(FormatError, match="empty|token file|ends inside|begin with a header"):
            read_tokens(io.BytesIO(LIVE[:end]))


def test_damage_says_from_when_on_and_recovers_the_rest():
    broken = bytearray(LIVE)
    broken[PLACES[2] + 12] ^= 1
    with pytest.raises(FormatError, match=(
        r"checksum mismatch in the record at byte \d+; audio from 0.80 s on is lost, "
        "read with recover=True for the rest"
    )):
        read_tokens(io.BytesIO(bytes(broken)))
    with pytest.warns(IncompleteWarning, match=r"damaged; lost 0.80 to 1.20 s"):
        found = read_tokens(io.BytesIO(bytes(broken)), recover=True)
    assert found == SOME[:20] + SOME[30:]


def test_every_gap_is_reported_in_seconds():
    data = LIVE[: PLACES[0]] + LIVE[PLACES[1] : PLACES[3]] + b"noise" + LIVE[PLACES[4] : -40]
    with pytest.warns(IncompleteWarning, match="lost 0.00 to 0.40 s, 1.20 to 1.60 s"):
        file = TokenFile(io.BytesIO(data), recover=True)
    assert [(float(gap.start), float(gap.stop)) for gap in file.gaps] == [(0, 0.4), (1.2, 1.6)]
    assert not file.complete and file.source() is None
    assert file.cut(40, 50) == SOME[40:50]
    for start, stop in [(0, 20), (25, 45), (30, 40)]:
        with pytest.raises(FormatError, match=f"frames {start} to {stop} are not all in the file"):
            file.cut(start, stop)


def test_what_the_end_counts_and_is_not_there_is_a_gap():
    data = LIVE[: PLACES[5]] + LIVE[end_of_chunks() :]
    assert notices(data)
    with pytest.warns(IncompleteWarning, match="lost 2.00 to 2.40 s"):
        assert read_tokens(io.BytesIO(data), recover=True) == SOME[:50]


def test_recovery_of_any_damage_gives_only_what_was_written():
    random = np.random.default_rng(0)
    for _ in range(100):
        broken = bytearray(LIVE)
        for at in random.integers(PLACES[0], len(LIVE), random.integers(1, 6)):
            broken[at] ^= random.integers(1, 256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_tokens(io.BytesIO(bytes(broken)), recover=True)
        kept = {SOME[k : k + 10].codes.tobytes() for k in range(0, 60, 10)}
        parts = [found[k : k + 10] for k in range(0, found.frames, 10)]
        assert all(part.codes.tobytes() in kept for part in parts)


def recovered(data):
    """Open a damaged file for what is left of it."""
    with pytest.warns(IncompleteWarning):
        return TokenFile(io.BytesIO(data), recover=True)


def test_frames_are_found_at_their_place_after_a_gap():
    """A cut that ends where the number of frames that are left says is no cut at the end."""
    file = recovered(LIVE[: PLACES[1]] + LIVE[PLACES[2] :])
    assert file.frames() == 50
    for start, stop in [(20, 50), (40, 50), (20, 60), (49, 51)]:
        assert file[start:stop] == SOME[start:stop]
    with pytest.raises(FormatError, match="frames 5 to 15 are not all"):
        file[5:15]


def test_recovery_without_the_tables():
    """Tables that ship are found by the codec's space; chunks under lost ones are gaps."""
    shipped = (GOLDEN / "model" / "speech.vcb").read_bytes()
    for data, left in [(shipped, True), (coded(), False)]:
        at = data.index(SYNC + bytes([Kind.TABLES]))
        file = recovered(data[:at] + b"?" + data[at + 1 :])
        assert file.complete == left
        if left:
            assert file.read() == read_tokens(io.BytesIO(data))
        else:
            assert file.read().frames == 0 and float(file.gaps[0].stop) == 20


def test_recovery_without_the_sides_says_what_is_lost():
    some = made(replace(SNAC, sides=(Side("timbre", (3,)),)), 3, 1, 8)
    data = written(some)
    at = data.index(SYNC + bytes([Kind.SIDES]))
    with pytest.raises(FormatError, match="side timbre of the track is lost"):
        recovered(data[:at] + b"?" + data[at + 1 :]).read()


def test_recovery_of_doubled_and_undecodable_chunks():
    doubled = LIVE[: PLACES[3]] + LIVE[PLACES[2] :]
    assert notices(doubled)
    assert recovered(doubled).read() == SOME
    assert recovered(LIVE + LIVE).read() == SOME
    bad = record(LIVE[5:9], Kind.CHUNK, 0, 3, varints((20, 40)) + b"too short")
    file = recovered(LIVE[: PLACES[2]] + bad + LIVE[PLACES[3] :])
    assert file.read() == SOME[:20] + SOME[30:]
    assert [(float(gap.start), float(gap.stop)) for gap in file.gaps] == [(0.8, 1.2)]


# Files that somebody made to do harm: each record is whole, what it says is not.


def file_of(*records, track=None):
    """Return a file with a header and these records, `(kind, payload)`."""
    header = Header({"": track or Track(SPEECH)}).to_bytes()
    parts = [preamble(ID), record(ID, Kind.HEADER, 0, 0, header)]
    for number, (kind, payload) in enumerate(records, 1):
        parts.append(record(ID, kind, 0, number, payload))
    return b"".join(parts)


def chunk(start, count, codes=b"", form=0):
    return Kind.CHUNK, varints((start, 4 * count + form)) + codes


ONE = chunk(0, 1, bytes(3))
SIZE = len(file_of(ONE)) - len(file_of())


@pytest.mark.parametrize(
    "records, message",
    [
        ([chunk(0, 0)], "must hold 1 to 65536 frames, got 0"),
        ([chunk(0, 1 << 40)], "must hold 1 to 65536 frames"),
        ([chunk(0, 65_536)], "claims 131072 codes, more than may be"),
        ([chunk(5, 1, bytes(3))], "begins at frame 5, not 0"),
        ([ONE, ONE], "begins at frame 0, not 1"),
        ([chunk(0, 1, bytes(4))], "packed codes must be 3 bytes, got 4"),
        ([chunk(0, 1, b"\0\0\xff")], "bits that are not zero"),
        ([chunk(0, 1, form=1)], "form 1; known is 0, as the track has no tables"),
        ([chunk(0, 1, form=3)], "form 3; known is 0"),
        ([(Kind.CHUNK, b"")], "runs past the end"),
        ([(Kind.HEADER, b"[]")], "a second header"),
        ([(Kind.TABLES, b"\0" + bytes(8))], "needs tables 0000000000000000"),
        ([(Kind.TABLES, b"\1\0\0"), (Kind.TABLES, b"\1\0\0")], "come twice"),
        ([ONE, (Kind.TABLES, b"\1\0\0")], "after the first chunk"),
        ([(Kind.TABLES, b"\2")], "must be embedded, or named"),
        ([(Kind.SIDES, b"")], "sides end after 0 bytes"),
        ([(0x86, b"")], "kind 0x86, which this version does not know.*newer vocable"),
    ],
)
def test_hostile_records_are_refused(records, message):
    data = file_of(*records)
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(data))
    with pytest.raises(FormatError, match=message):
        list(TokenReader(io.BytesIO(data)))


def test_unknown_records_that_are_not_critical_are_skipped():
    data = file_of((0x06, b"a note"), ONE, (0x07, b""))
    with pytest.warns(IncompleteWarning):
        assert read_tokens(io.BytesIO(data)).frames == 1


def closed(closing, *records, sequence=None, number=0, more=0):
    """Return a file whose closing record says this; its place and size may be wrong."""
    place = len(records) + 1 if sequence is None else sequence
    payload = closings.encode(closing, place)
    payload = payload[:-4] + (int.from_bytes(payload[-4:], "little") + more).to_bytes(4, "little")
    return file_of(*records) + record(ID, Kind.CLOSING, number, place, payload)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"sequence": 99}, "record 2 is missing"),
        ({"sequence": 0}, "record 2 is missing"),
        ({"number": 5}, "belongs to track 5|counts its own"),
        ({"more": 3}, "closing record says|counts its own|index ends"),
    ],
)
def test_a_closing_record_out_of_place_is_refused(wrong, message):
    data = closed(Closing((640,), (1,), (Entry(SIZE, (1,)),)), ONE, **wrong)
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(data))
    with pytest.raises(FormatError, match=message):
        list(TokenReader(io.BytesIO(data)))


def test_a_pipe_is_checked_against_the_index_too():
    data = closed(Closing((640,), (1,), (Entry(SIZE + 1, (1,)),)), ONE)
    with pytest.raises(FormatError, match="the index covers"):
        list(TokenReader(io.BytesIO(data)))


def test_tables_may_not_hide_among_frames():
    tables = (Kind.TABLES, b"\1\0\0")
    both = len(file_of(tables, ONE)) - len(file_of())
    data = closed(Closing((640,), (1,), (Entry(both, (1,)),)), tables, ONE)
    with pytest.raises(FormatError, match="the index hides a record without frames"):
        read_tokens(io.BytesIO(data))


def test_a_count_that_its_tokens_do_not_hold_is_refused():
    """Three tokens of stride 4 last 12 frames, which no other count may spell."""
    track = Track(SNAC, levels=1)
    for count in (9, 10, 11):
        with pytest.raises(FormatError, match=f"counts {count} frames, its tokens hold 12"):
            read_tokens(io.BytesIO(file_of(chunk(0, count, bytes(5)), track=track)))
    with pytest.warns(IncompleteWarning):
        found = read_tokens(io.BytesIO(file_of(chunk(0, 12, bytes(5)), track=track)))
    assert found.frames == 12


@pytest.mark.parametrize(
    "closing, message",
    [
        (Closing((None,), (2,), (Entry(SIZE, (2,)),)), r"counts \(2,\) frames at byte \d+, \(1,\)"),
        (Closing((None,), (2,), (Entry(SIZE, (1,)),)), "does not add up to the 2 frames"),
        (Closing((None,), (1,), (Entry(SIZE - 1, (1,)),)), "the index ends at byte"),
        (Closing((641,), (1,), (Entry(SIZE, (1,)),)), "641 samples at 16000 Hz are"),
        (Closing((None,), (0,), (Entry(SIZE, (0,)),)), "the index hides a chunk"),
        (Closing((None,), (1,), (Entry(SIZE, (1,)), Entry(0, (0,)))), "an entry of 0 bytes"),
    ],
)
def test_a_closing_record_that_lies_is_refused(closing, message):
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(closed(closing, ONE)))


def test_a_closing_record_is_the_last():
    good = closed(Closing((640,), (1,), (Entry(SIZE, (1,)),)), ONE)
    assert read_tokens(io.BytesIO(good)).frames == 1
    for extra in (b"\0", SYNC, record(ID, 0x06, 0, 3, b""), good):
        with pytest.raises(FormatError, match="follow|the index ends"):
            read_tokens(io.BytesIO(good + extra))
        with pytest.raises(FormatError):
            list(TokenReader(io.BytesIO(good + extra)))


def test_records_have_their_place():
    good = closed(Closing((None,), (1,), (Entry(SIZE, (1,)),)), ONE)
    other = good.replace(ID, b"wxyz", 1)
    with pytest.raises(FormatError, match="checksum mismatch"):
        read_tokens(io.BytesIO(other))
    head = len(file_of())
    twice = good[:head] + good[head : head + SIZE] * 2 + good[head + SIZE :]
    with pytest.raises(FormatError, match="record 2 is missing|index ends"):
        read_tokens(io.BytesIO(twice))


def with_header(payload):
    return preamble(ID) + record(ID, Kind.HEADER, 0, 0, payload)


GOOD = Header({"": Track(SPEECH)}).to_bytes()


@pytest.mark.parametrize(
    "payload, message",
    [
        (b"", "header cannot be read"),
        (b"[" * 100_000, "header cannot be read"),
        (b'"' + b"9" * 100_000, "header cannot be read"),
        (b"9" * 100_000, "header cannot be read"),
        (b"[]", "1 to 64 tracks, got 0"),
        (b"{}", "must be a list of at most 64 tracks"),
        (b"[{}]", "a track must be a list of space, rate"),
        (b"[[]]", "a track must be a list of space, rate"),
        (GOOD[:-2] + b",7]]", "cannot be read"),
        (GOOD[:-2] + b",{}]]", "not in canonical form"),
        (GOOD[:-2] + b',{"rate":1}]]', "not in canonical form"),
        (GOOD.replace(b"16000", b"16000.0"), "cannot be read"),
        (GOOD.replace(b"16000", b"1e999"), "cannot be read"),
        (GOOD.replace(b"16000", b"-1"), "rate must be an integer"),
        (GOOD.replace(b",", b", "), "not in canonical form"),
        (GOOD[:-2] + b',{"durations":0}]]', "not in canonical form"),
        (GOOD[:-2] + b',{"durations":2}]]', "not in canonical form"),
        (GOOD[:-2] + b',{"durations":[]}]]', "not in canonical form"),
        (GOOD[:-2] + b',{"streams":"x"}]]', "a track's streams must be an integer"),
        (GOOD[:-2] + b',{"colour":1}]]', "unknown keys colour"),
        (GOOD.replace(b"[[2,1024]]", b"[[2000000000,1024]]"), "a run of 2000000000"),
        (GOOD.replace(b"1024", b"99999999"), "level size"),
        (GOOD.replace(b"speech-16k@", b"\xff@"), "cannot be read"),
        (GOOD.decode().encode("utf-16"), "cannot be read|canonical"),
        (b"[" + b",".join([GOOD[1:-1]] * 2) + b"]", "not in canonical form"),
    ],
)  # fmt: skip
def test_hostile_headers_are_refused(payload, message):
    with pytest.raises(FormatError, match=message):
        TokenFile(io.BytesIO(with_header(payload)))


def test_a_newer_version_says_so():
    data = bytearray(LIVE)
    data[4] = 3
    with pytest.raises(FormatError, match="version 3, this vocable reads 2; install a newer"):
        read_tokens(io.BytesIO(bytes(data)))
    data[4] = 1
    with pytest.raises(FormatError, match="version 1, from before the first release; encode the"):
        read_tokens(io.BytesIO(bytes(data)))


def test_the_first_track_has_no_number():
    """A record's track has one spelling."""
    body = SYNC + bytes([Kind.CHUNK | NUMBERED, 0]) + varint(1) + varint(3) + b"\0\1\0"
    crc = zlib.crc32(body, zlib.crc32(ID)).to_bytes(4, "little")
    with pytest.raises(FormatError, match="numbers the first track"):
        read_tokens(io.BytesIO(file_of() + body + crc))


def test_other_files_say_what_they_are_not(tmp_path):
    (tmp_path / "a.vcb").write_bytes(b"RIFF....WAVE")
    with pytest.raises(FormatError, match="a.vcb: this is no token file"):
        read_tokens(tmp_path / "a.vcb")


def test_a_small_file_takes_little_memory():
    """Claims of length cost nothing: neither records, nor counts, nor samples, nor an index."""
    lying = preamble(ID) + SYNC + bytes([Kind.HEADER]) + varint(0) + varint(1 << 20)
    long = file_of() + SYNC + bytes([Kind.CHUNK, 1]) + varint(4 << 20)
    index = varints((0, 0, 1 << 15)) + bytes(4)
    huge = Closing(((1 << 62) - 1,), (1,), (Entry(SIZE, (1,)),))
    files = [lying, long, file_of((Kind.CLOSING, index)), closed(huge, ONE),
             file_of(chunk(0, 65_536, bytes(100)))]  # fmt: skip
    for data in files:
        tracemalloc.start()
        assert notices(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 24 << 20


def test_few_bytes_cannot_become_many_codes():
    """Tables that make codes almost free: a chunk still needs a byte for every 64 codes."""
    steep = Table(np.array([65_536 - 1023, *[1] * 1023]))
    tables = (Kind.TABLES, b"\1" + TableSet((steep, steep)).to_bytes())
    claim = chunk(0, 60_000, (1 << 24).to_bytes(5, "little"), form=1)
    with pytest.raises(FormatError, match="claims 120000 codes, more than may be"):
        read_tokens(io.BytesIO(file_of(tables, claim)))
    silence = np.zeros((1, 2000), int)
    some = AudioTokens(SPEECH, (silence, silence))
    assert read_tokens(io.BytesIO(written(some))) == some


def test_tables_take_memory_like_their_bytes():
    """Small tables for many levels and tracks stay small while codes are read under them."""
    levels = 256
    spec = replace(SPEECH, levels=(Level(2),) * levels, prefixes=(levels,))
    some = AudioTokens(spec, (np.arange(200)[None] % 7 // 6,) * levels)
    target = io.BytesIO()
    tables = dict.fromkeys("abcdefgh", fit_tables([some]))
    with TokenWriter(target, dict.fromkeys(tables, Track.of(some)), tables=tables) as file:
        for name in tables:
            file.write(some, name)
    target.seek(0)
    tracemalloc.start()
    assert sum(found.frames for _, found in TokenReader(target)) == 8 * 200
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_false_beginnings_do_not_hang_recovery():
    false = SYNC + bytes([Kind.CHUNK, 1]) + varint(4 << 20)
    data = file_of() + false * 100_000
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_tokens(io.BytesIO(data), recover=True).frames == 0
    assert time.process_time() - began < 20


def test_the_checksum_covers_the_id():
    """A record of another file has a right checksum there, and a wrong one here."""
    mine = record(ID, Kind.CHUNK, 0, 1, b"x")
    assert mine[-4:] == zlib.crc32(ID + mine[:-4]).to_bytes(4, "little")
    assert mine[-4:] != record(os.urandom(4), Kind.CHUNK, 0, 1, b"x")[-4:]


def test_the_header_is_plain_json():
    assert json.loads(GOOD) == [["speech-16k@1:0a1b", 16_000, 640, [[2, 1024]]]]
    assert speech().spec == SPEECH
