"""Files made to do harm: the checksum of each record is right, what the record says is wrong."""

import io
import json
import os
import time
import tracemalloc
import warnings
import zlib
from dataclasses import replace

import numpy as np
import pytest

from tests.tokens.test_damage import ID, LIVE, notices
from tests.tokens.test_spec import SNAC, SPEECH
from tests.tokens.written import speech, written
from vocable.errors import FormatError
from vocable.tokens import (
    AudioTokens,
    IncompleteWarning,
    Level,
    TokenFile,
    TokenReader,
    TokenWriter,
    read_tokens,
)
from vocable.tokens.coder import Table, TableSet, fit_tables
from vocable.tokens.file.records import NUMBERED, SYNC, RecordKind, encode_record, preamble
from vocable.tokens.file.track import Header, Track
from vocable.tokens.file.trailer import IndexEntry, Trailer, decode_trailer, encode_trailer
from vocable.tokens.spec_parts import MAX_SAMPLES
from vocable.tokens.varint import encode_varint, encode_varints


def file_of(*records, track=None):
    """Return a file with a header and these records, `(kind, payload)`."""
    header = Header({"": track or Track(SPEECH)}).to_bytes()
    parts = [preamble(ID), encode_record(ID, RecordKind.HEADER, 0, 0, header)]
    for number, (kind, payload) in enumerate(records, 1):
        parts.append(encode_record(ID, kind, 0, number, payload))
    return b"".join(parts)


def chunk(start, count, codes=b"", coding=0):
    return RecordKind.CHUNK, encode_varints((start, 4 * count + coding)) + codes


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
        ([chunk(0, 1, coding=1)], "coding 1; known is 0, as the track has no tables"),
        ([chunk(0, 1, coding=3)], "coding 3; known is 0"),
        ([(RecordKind.CHUNK, b"")], "runs past the end"),
        ([(RecordKind.HEADER, b"[]")], "a second header"),
        ([(RecordKind.TABLES, b"\0" + bytes(8)), ONE], "needs tables 0000000000000000"),
        ([(RecordKind.TABLES, b"\1\0\0"), (RecordKind.TABLES, b"\1\0\0")], "come twice"),
        ([ONE, (RecordKind.TABLES, b"\1\0\0")], "after the first chunk"),
        ([(RecordKind.TABLES, b"\2")], "must be embedded, or named"),
        ([(RecordKind.SIDES, b"")], "sides end after 0 bytes"),
        ([(0x8F, b"")], "kind 0x8f, which this version does not know.*newer vocable"),
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


def closed(trailer, *records, sequence=None, number=0, more=0):
    """Return a file whose trailer says this; its number, track and size may be wrong."""
    sequence = len(records) + 1 if sequence is None else sequence
    payload = encode_trailer(trailer, sequence)
    payload = payload[:-4] + (int.from_bytes(payload[-4:], "little") + more).to_bytes(4, "little")
    return file_of(*records) + encode_record(ID, RecordKind.TRAILER, number, sequence, payload)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"sequence": 99}, "record 2 is missing"),
        ({"sequence": 0}, "record 2 is missing"),
        ({"number": 5}, "belongs to track 5|states its own"),
        ({"more": 3}, "trailer says|states its own|index ends"),
    ],
)
def test_a_trailer_out_of_order_is_refused(wrong, message):
    data = closed(Trailer((640,), (1,), (IndexEntry(SIZE, (1,)),)), ONE, **wrong)
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(data))
    with pytest.raises(FormatError, match=message):
        list(TokenReader(io.BytesIO(data)))


def test_a_pipe_is_checked_against_the_index_too():
    data = closed(Trailer((640,), (1,), (IndexEntry(SIZE + 1, (1,)),)), ONE)
    with pytest.raises(FormatError, match="the index covers"):
        list(TokenReader(io.BytesIO(data)))


def test_tables_may_not_hide_among_frames():
    tables = (RecordKind.TABLES, b"\1\0\0")
    both = len(file_of(tables, ONE)) - len(file_of())
    data = closed(Trailer((640,), (1,), (IndexEntry(both, (1,)),)), tables, ONE)
    with pytest.raises(FormatError, match="the index hides a record without frames"):
        read_tokens(io.BytesIO(data))


def test_a_count_that_its_tokens_do_not_hold_is_refused():
    """Three tokens of stride 4 last 12 frames; a chunk that says otherwise is refused."""
    track = Track(SNAC, levels=1)
    for count in (9, 10, 11):
        with pytest.raises(FormatError, match=f"counts {count} frames, its tokens hold 12"):
            read_tokens(io.BytesIO(file_of(chunk(0, count, bytes(5)), track=track)))
    with pytest.warns(IncompleteWarning):
        found = read_tokens(io.BytesIO(file_of(chunk(0, 12, bytes(5)), track=track)))
    assert found.frames == 12


@pytest.mark.parametrize(
    "trailer, message",
    [
        (
            Trailer((None,), (2,), (IndexEntry(SIZE, (2,)),)),
            r"counts \(2,\) frames at byte \d+, \(1,\)",
        ),
        (Trailer((None,), (2,), (IndexEntry(SIZE, (1,)),)), "does not add up to the 2 frames"),
        (Trailer((None,), (1,), (IndexEntry(SIZE - 1, (1,)),)), "the index ends at byte"),
        (Trailer((641,), (1,), (IndexEntry(SIZE, (1,)),)), "641 samples at 16000 Hz are"),
        (Trailer((None,), (0,), (IndexEntry(SIZE, (0,)),)), "the index hides a chunk"),
        (
            Trailer((None,), (1,), (IndexEntry(SIZE, (1,)), IndexEntry(0, (0,)))),
            "an entry of 0 bytes",
        ),
    ],
)
def test_a_trailer_that_lies_is_refused(trailer, message):
    with pytest.raises(FormatError, match=message):
        read_tokens(io.BytesIO(closed(trailer, ONE)))


def test_the_trailer_holds_the_longest_recording():
    longest = Trailer((MAX_SAMPLES,), (0,), ())
    assert decode_trailer(encode_trailer(longest, 1), 1) == longest
    with pytest.raises(FormatError, match=f"claims {MAX_SAMPLES + 1} samples"):
        decode_trailer(encode_trailer(replace(longest, samples=(MAX_SAMPLES + 1,)), 1), 1)


def test_the_trailer_is_the_last_record():
    good = closed(Trailer((640,), (1,), (IndexEntry(SIZE, (1,)),)), ONE)
    assert read_tokens(io.BytesIO(good)).frames == 1
    for extra in (b"\0", SYNC, encode_record(ID, 0x06, 0, 3, b""), good):
        with pytest.raises(FormatError, match="follow|the index ends"):
            read_tokens(io.BytesIO(good + extra))
        with pytest.raises(FormatError):
            list(TokenReader(io.BytesIO(good + extra)))


def test_records_belong_to_one_file_in_one_order():
    good = closed(Trailer((None,), (1,), (IndexEntry(SIZE, (1,)),)), ONE)
    other = good.replace(ID, b"wxyz", 1)
    with pytest.raises(FormatError, match="checksum mismatch"):
        read_tokens(io.BytesIO(other))
    head = len(file_of())
    twice = good[:head] + good[head : head + SIZE] * 2 + good[head + SIZE :]
    with pytest.raises(FormatError, match="record 2 is missing|index ends"):
        read_tokens(io.BytesIO(twice))


def with_header(payload):
    return preamble(ID) + encode_record(ID, RecordKind.HEADER, 0, 0, payload)


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
    """A record's track has exactly one encoding."""
    body = (
        SYNC
        + bytes([RecordKind.CHUNK | NUMBERED, 0])
        + encode_varint(1)
        + encode_varint(3)
        + b"\0\1\0"
    )
    crc = zlib.crc32(body, zlib.crc32(ID)).to_bytes(4, "little")
    with pytest.raises(FormatError, match="numbers the first track"):
        read_tokens(io.BytesIO(file_of() + body + crc))


def test_other_files_say_what_they_are_not(tmp_path):
    (tmp_path / "a.vcb").write_bytes(b"RIFF....WAVE")
    with pytest.raises(FormatError, match="a.vcb: this is not a token file"):
        read_tokens(tmp_path / "a.vcb")


def test_a_small_file_takes_little_memory():
    """A false length takes no memory: of records, chunks, recordings or the index."""
    lying = (
        preamble(ID) + SYNC + bytes([RecordKind.HEADER]) + encode_varint(0) + encode_varint(1 << 20)
    )
    long = file_of() + SYNC + bytes([RecordKind.CHUNK, 1]) + encode_varint(4 << 20)
    index = encode_varints((0, 0, 1 << 15)) + bytes(4)
    huge = Trailer(((1 << 62) - 1,), (1,), (IndexEntry(SIZE, (1,)),))
    files = [lying, long, file_of((RecordKind.TRAILER, index)), closed(huge, ONE),
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
    tables = (RecordKind.TABLES, b"\1" + TableSet((steep, steep)).to_bytes())
    claim = chunk(0, 60_000, (1 << 24).to_bytes(5, "little"), coding=1)
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
    false = SYNC + bytes([RecordKind.CHUNK, 1]) + encode_varint(4 << 20)
    data = file_of() + false * 100_000
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_tokens(io.BytesIO(data), recover=True).frames == 0
    assert time.process_time() - began < 20


def test_the_checksum_covers_the_id():
    """A record of another file has a right checksum there, and a wrong one here."""
    mine = encode_record(ID, RecordKind.CHUNK, 0, 1, b"x")
    assert mine[-4:] == zlib.crc32(ID + mine[:-4]).to_bytes(4, "little")
    assert mine[-4:] != encode_record(os.urandom(4), RecordKind.CHUNK, 0, 1, b"x")[-4:]


def test_the_header_is_plain_json():
    assert json.loads(GOOD) == [["speech-16k@1:0a1b", 16_000, 640, [[2, 1024]]]]
    assert speech().spec == SPEECH
