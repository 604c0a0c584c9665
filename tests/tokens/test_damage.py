"""Every damaged byte is noticed, and what is whole is recovered."""

import io
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import SNAC, SPEECH
from tests.tokens.written import written
from vocable.errors import FormatError
from vocable.tokens import (
    AudioTokens,
    IncompleteWarning,
    Level,
    Side,
    Source,
    TokenFile,
    TokenSpec,
    TokenWriter,
    read_tokens,
)
from vocable.tokens.coder import fit_tables
from vocable.tokens.file.records import SYNC, RecordKind, encode_record
from vocable.tokens.file.track import Track
from vocable.tokens.varint import encode_varints

ID = b"abcd"
GOLDEN = Path(__file__).parents[1] / "golden"


def live(some, frames):
    """Return the bytes of a file of chunks of `frames` frames, and where each chunk begins."""
    target = io.BytesIO()
    offsets = []
    with TokenWriter(target, Track.of(some), chunk_seconds=0) as file:
        for start in range(0, some.frames, frames):
            offsets.append(target.tell())
            file.write(some[start : start + frames])
        file.finish(some.source.samples if some.source else None)
    return target.getvalue(), offsets


SOME = made(SPEECH, 2, 1, 60, 60 * 640, Source(60 * 640, 16_000))
LIVE, OFFSETS = live(SOME, 10)


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
    offset = at % (len(data) + 1)
    broken = data[:offset] + put + data[offset + gone :]
    assert broken == data or notices(broken)


@given(st.binary(max_size=300))
def test_noise_is_refused(noise):
    for data in (noise, LIVE[:9] + noise, LIVE[: OFFSETS[0]] + noise):
        if data != LIVE[: OFFSETS[0]]:
            assert notices(data)


def test_a_file_cut_anywhere_opens_up_to_its_last_chunk():
    for end in range(OFFSETS[0], len(LIVE)):
        whole = sum(offset <= end for offset in [*OFFSETS[1:], end_of_chunks()])
        with pytest.warns(IncompleteWarning, match="broken off"):
            assert read_tokens(io.BytesIO(LIVE[:end])) == SOME[: 10 * whole]


def end_of_chunks():
    claimed = int.from_bytes(LIVE[-8:-4], "little")
    return len(LIVE) - claimed


def test_a_file_cut_in_its_head_is_refused():
    for end in range(OFFSETS[0]):
        with pytest.raises(
            FormatError, match="empty|not a token file|ends inside|begin with a header"
        ):
            read_tokens(io.BytesIO(LIVE[:end]))


def test_damage_says_from_when_on_and_recovers_the_rest():
    broken = bytearray(LIVE)
    broken[OFFSETS[2] + 12] ^= 1
    with pytest.raises(
        FormatError,
        match=(
            r"checksum mismatch in the record at byte \d+; audio from 0.80 s on is lost, "
            "read with recover=True for the rest"
        ),
    ):
        read_tokens(io.BytesIO(bytes(broken)))
    with pytest.warns(IncompleteWarning, match=r"damaged; lost 0.80 to 1.20 s"):
        found = read_tokens(io.BytesIO(bytes(broken)), recover=True)
    assert found == SOME[:20] + SOME[30:]


def test_every_gap_is_reported_in_seconds():
    data = LIVE[: OFFSETS[0]] + LIVE[OFFSETS[1] : OFFSETS[3]] + b"noise" + LIVE[OFFSETS[4] : -40]
    with pytest.warns(IncompleteWarning, match="lost 0.00 to 0.40 s, 1.20 to 1.60 s"):
        file = TokenFile(io.BytesIO(data), recover=True)
    assert [(float(gap.start), float(gap.stop)) for gap in file.gaps] == [(0, 0.4), (1.2, 1.6)]
    assert not file.complete and file.source() is None
    assert file.cut(40, 50) == SOME[40:50]
    for start, stop in [(0, 20), (25, 45), (30, 40)]:
        with pytest.raises(FormatError, match=f"frames {start} to {stop} are not all in the file"):
            file.cut(start, stop)


def test_frames_that_the_trailer_counts_and_are_not_there_are_a_gap():
    data = LIVE[: OFFSETS[5]] + LIVE[end_of_chunks() :]
    assert notices(data)
    with pytest.warns(IncompleteWarning, match="lost 2.00 to 2.40 s"):
        assert read_tokens(io.BytesIO(data), recover=True) == SOME[:50]


def test_recovery_of_any_damage_gives_only_what_was_written():
    random = np.random.default_rng(0)
    for _ in range(100):
        broken = bytearray(LIVE)
        for at in random.integers(OFFSETS[0], len(LIVE), random.integers(1, 6)):
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


def test_frames_keep_their_numbers_after_a_gap():
    """Frames are counted in the recording, so those before a gap and after it count on."""
    file = recovered(LIVE[: OFFSETS[1]] + LIVE[OFFSETS[2] :])
    assert file.frames() == 50
    for start, stop in [(20, 50), (40, 50), (20, 60), (49, 51)]:
        assert file[start:stop] == SOME[start:stop]
    with pytest.raises(FormatError, match="frames 5 to 15 are not all"):
        file[5:15]


def test_recovery_without_the_tables():
    """Tables that ship are found by the codec's space; chunks under lost ones are gaps."""
    shipped = (GOLDEN / "model" / "2" / "speech.vcb").read_bytes()
    for data, left in [(shipped, True), (coded(), False)]:
        at = data.index(SYNC + bytes([RecordKind.TABLES]))
        file = recovered(data[:at] + b"?" + data[at + 1 :])
        assert file.complete == left
        if left:
            assert file.read() == read_tokens(io.BytesIO(data))
        else:
            assert file.read().frames == 0 and float(file.gaps[0].stop) == 20


def test_recovery_without_the_sides_says_what_is_lost():
    some = made(replace(SNAC, sides=(Side("timbre", (3,)),)), 3, 1, 8)
    data = written(some)
    at = data.index(SYNC + bytes([RecordKind.SIDES]))
    with pytest.raises(FormatError, match="side timbre of the track is lost"):
        recovered(data[:at] + b"?" + data[at + 1 :]).read()


def test_recovery_of_doubled_and_undecodable_chunks():
    doubled = LIVE[: OFFSETS[3]] + LIVE[OFFSETS[2] :]
    assert notices(doubled)
    assert recovered(doubled).read() == SOME
    assert recovered(LIVE + LIVE).read() == SOME
    bad = encode_record(LIVE[5:9], RecordKind.CHUNK, 0, 3, encode_varints((20, 40)) + b"too short")
    file = recovered(LIVE[: OFFSETS[2]] + bad + LIVE[OFFSETS[3] :])
    assert file.read() == SOME[:20] + SOME[30:]
    assert [(float(gap.start), float(gap.stop)) for gap in file.gaps] == [(0.8, 1.2)]
