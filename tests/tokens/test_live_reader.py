"""What arrives of a stream is given; what is lost, late, doubled or damaged is counted."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tokens.live import SOME, STEPS, packets
from tests.tokens.strategies import made
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import FormatError
from vocable.tokens import Level, LiveReader, Source, TokenSpec, Track
from vocable.tokens.file import short_chunk
from vocable.tokens.file.live_place import LivePlace

PACKETS = packets()
TRACK = Track(SPEECH)


def heard(pieces, track=None):
    """Push pieces; return the reader and what it gave."""
    reader, found = LiveReader(track), []
    for piece in pieces:
        found += reader.push(piece)
    reader.finish()
    return reader, found


def gaps(found):
    """Return the frames that are missing before each piece, where there are any."""
    starts = [start for start, _ in found]
    ends = [0, *(start + len(tokens) for start, tokens in found)]
    return {k: start - end for k, (start, end) in enumerate(zip(starts, ends, strict=False))
            if start != end}  # fmt: skip


def same(found, some, first=0):
    """Whether each piece holds the tokens of its place."""
    return all(tokens == some[first + at : first + at + len(tokens)] for at, tokens in found)


def glued(pieces):
    return [b"".join(pieces)]


def bytewise(pieces):
    return [bytes([byte]) for byte in b"".join(pieces)]


every_way = pytest.mark.parametrize("cut", [list, glued])


@pytest.mark.parametrize("cut", [list, glued, bytewise])
def test_all_that_comes_is_given(cut):
    reader, found = heard(cut(PACKETS))
    assert len(found) == STEPS and same(found, SOME) and not gaps(found)
    assert (reader.late, reader.damaged, reader.missed, reader.skipped) == (0, 0, 0, 0)
    assert reader.complete and reader.live and reader.source() == SOME.source


@every_way
@pytest.mark.parametrize("lost", [1, 3, 90])
def test_lost_chunks_are_a_gap(cut, lost):
    reader, found = heard(cut(PACKETS[:40] + PACKETS[40 + lost :]))
    assert gaps(found) == {39: lost} and same(found, SOME)
    assert len(found) == STEPS - lost and not reader.damaged


@pytest.mark.parametrize("lost", [130, 200])
def test_a_gap_of_more_than_95_chunks_is_known_from_the_next_live_record_on(lost):
    reader, found = heard(PACKETS[:40] + PACKETS[40 + lost :])
    assert sum(gaps(found).values()) == lost
    assert same([piece for piece in found if piece[0] < 39 or piece[0] >= 250], SOME)


@every_way
def test_doubled_and_late_chunks_are_left_out(cut):
    reader, found = heard(cut(PACKETS[:40] + PACKETS[38:]))
    assert not gaps(found) and same(found, SOME) and reader.late == 2
    swapped = PACKETS[:40] + [PACKETS[41], PACKETS[40]] + PACKETS[42:]
    reader, found = heard(cut(swapped))
    assert gaps(found) == {39: 1} and same(found, SOME) and reader.late == 1


@every_way
def test_a_cut_chunk_costs_itself_alone(cut):
    pieces = PACKETS[:40] + [PACKETS[40][:4]] + PACKETS[41:]
    reader, found = heard(cut(pieces))
    assert gaps(found) == {39: 1} and same(found, SOME) and reader.damaged == 4


@every_way
def test_noise_between_chunks_is_left_out(cut):
    noise = np.random.default_rng(1).bytes(300)
    reader, found = heard(cut(PACKETS[:40] + [noise] + PACKETS[40:]))
    assert not gaps(found) and same(found, SOME) and reader.damaged == 300


@pytest.mark.parametrize("cut", [glued, bytewise])
def test_damage_gives_only_what_was_written(cut):
    data = bytearray(b"".join(PACKETS))
    random = np.random.default_rng(0)
    for at in random.integers(len(PACKETS[0]), len(data), 30):
        data[at] ^= random.integers(1, 256)
    reader, found = heard(cut([bytes([byte]) for byte in data]))
    assert same(found, SOME) and STEPS - 31 <= len(found) < STEPS and reader.damaged


@every_way
def test_who_comes_late_joins_at_a_live_record(cut):
    """The head is one, and another comes after 125 frames."""
    reader, found = heard(cut(PACKETS[30:]))
    assert found[0][0] == 0 and not gaps(found) and same(found, SOME, 125)
    assert reader.source() == Source(SOME.source.samples - 125 * 640, 16_000)
    assert reader.missed == 96 * 6 and reader.damaged == 0
    assert reader.frames == STEPS - 125


@every_way
@pytest.mark.parametrize("within", [0, 4])
def test_who_knows_the_track_joins_at_the_next_chunk(cut, within):
    late = [b"".join(PACKETS[30:])[within:]] if within else PACKETS[30:]
    reader, found = heard(cut(late), TRACK)
    first = 29 + (within > 0)
    assert found[0][0] == 0 and not gaps(found) and same(found, SOME, first)
    assert reader.source() == Source(SOME.source.samples - first * 640, 16_000)
    assert reader.missed == (6 - within) % 6


def test_a_chunk_is_given_when_the_next_has_come_and_then_at_once():
    reader = LiveReader(TRACK)
    assert [len(reader.push(packet)) for packet in PACKETS[30:34]] == [0, 2, 1, 1]


def test_a_track_that_is_known_wrongly_is_mended_by_the_stream():
    reader, found = heard(PACKETS[30:], Track(SPEECH, levels=1))
    assert reader.track == TRACK and same(found, SOME, 125)


def test_a_stream_that_begins_anew_goes_on_in_time():
    reader, found = heard(PACKETS[:40] + packets())
    assert len(found) == 39 + STEPS and not gaps(found)
    assert reader.frames == 39 + STEPS
    assert reader.source() == Source(SOME.source.samples + 39 * 640, 16_000)


def test_a_stream_that_goes_on_as_another_is_refused():
    other = replace(SPEECH, space="speech-16k@2:ff")
    with pytest.raises(FormatError, match=r"is 1 × 2 levels of speech-16k@2:ff, not 1 × 2 .*@1"):
        heard(PACKETS[:40] + packets(made(other, 2, 1, 5)))


def test_a_damaged_length_holds_up_only_its_record():
    """It claims more bytes than ever come: the chunks behind it show that it is false."""
    data = bytearray(b"".join(PACKETS))
    at = data.index(b"\xa5\x5a\x86", len(PACKETS[0]))
    data[at + 4] |= 0x80
    reader, found = heard([bytes(data[k : k + 6]) for k in range(0, len(data), 6)])
    assert len(found) == STEPS and same(found, SOME) and reader.damaged > 50


def test_a_jump_of_minutes_is_not_filled():
    slow = TokenSpec("slow@1:ab", 16_000, 16_000, 1, (Level(1024),), (1,))  # a frame a second
    sent = packets(made(slow, 1, 1, 300))
    reader, found = heard(sent[:10] + sent[260:])
    assert reader.skipped == 1 and not gaps(found)


def test_levels_of_several_rates():
    some = made(SNAC, 3, 1, 40, 40 * 512, Source(40 * 512, 24_000))
    sent = packets(some, 4)
    reader, found = heard(sent[:3] + sent[5:])
    assert gaps(found) == {2: 8} and same(found, some) and reader.source() == some.source


def test_a_file_that_is_not_live_is_read_too():
    from tests.tokens.test_damage import LIVE, OFFSETS
    from tests.tokens.test_damage import SOME as LONG

    reader, found = heard([LIVE[: OFFSETS[2] + 5] + b"?" + LIVE[OFFSETS[2] + 6 :]])
    assert gaps(found) == {2: 10} and same(found, LONG) and not reader.live


def test_noise_gives_nothing():
    random = np.random.default_rng(0)
    reader, found = heard([random.bytes(25_000), random.bytes(25_000)], TRACK)
    assert found == [] and reader.source() is None and not reader.complete


def test_several_tracks_are_refused():
    from vocable.tokens.file.records import RecordKind, encode_record, preamble
    from vocable.tokens.file.track import Header

    header = Header({"a": TRACK, "b": TRACK}).to_bytes()
    data = preamble(b"abcd") + encode_record(b"abcd", RecordKind.HEADER, 0, 0, header)
    with pytest.raises(FormatError, match="the tracks 'a', 'b'; one track can be heard"):
        heard([data])


@pytest.mark.parametrize(
    "number, expected, start",
    [(5, 5, 5), (5, 3, 5), (5, 7, 5), (2, 126, 130), (126, 130, 126), (5, 1285, 1285), (96, 1, 96),
     (97, 1, -31)],
)  # fmt: skip
def test_numbers_of_chunks_are_read_near_the_next(number, expected, start):
    assert short_chunk.start_of(TRACK, number, expected) == start


def test_places_become_absolute_at_the_first_live_record():
    place = LivePlace()
    place.move_to(30, 1, TRACK)
    place.move_to(31, 1, TRACK)
    place.meet(128 * 9 + 35, TRACK)
    assert (place.origin, place.next, place.frames) == (128 * 9 + 30, 128 * 9 + 35, 5)
