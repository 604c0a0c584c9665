"""Token files are these bytes, for good: a change here is a breaking change (CHANGELOG, Bits).

Each file beside this one was written once, with the id 01 02 03 04. Reading it must give these
tokens, and writing them must give the same bytes again, but for the id, which follows from the
content. A new case is written by `python tests/golden/test_token_bytes.py`, which leaves existing
files alone.
"""

import io
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from vocable.tokens import (
    AudioTokens,
    Level,
    Segment,
    Side,
    Source,
    TokenFile,
    TokenSpec,
    TokenWriter,
    Track,
    write_tokens,
)
from vocable.tokens.file import read_write
from vocable.tokens.file.stamp import stamp

FOLDER = Path(__file__).parent

SPEECH = TokenSpec("speech-16k@1:0123456789abcdef", 16_000, 640, 1,
                   (Level(1024, role="prosody"), Level(1024), Level(1000)), (2, 3))  # fmt: skip
SNAC = TokenSpec("snac@1:ab", 24_000, 512, 1, (Level(4096, 4), Level(4096, 2), Level(4096)),
                 (1, 2, 3), out_rate=48_000, sides=(Side("timbre", (3,)),))  # fmt: skip
SEGMENTED = TokenSpec("encodec-48khz@1:ab", 48_000, 320, 2, (Level(1024), Level(1024)), (1, 2),
                      sides=(Side("scale", (), "float32", "segment"),),
                      segment=Segment(4_800, 4_752))  # fmt: skip
UNITS = TokenSpec("units@1:ab", 16_000, 320, 1, (Level(500, role="semantic"),), (1,), window=400)


def codes(level, streams, frames, skew=1):
    """Codes by arithmetic, the same on every machine; larger skews prefer small codes."""
    n = np.arange(streams * frames, dtype=np.int64).reshape(streams, frames)
    mixed = (n * 2_654_435_761 + 12_345 * level.stride) % 4_294_967_291 / 4_294_967_291
    return (mixed**skew * level.size).astype(np.int64)


def speech(frames=600):
    stacks = tuple(codes(level, 1, frames) for level in SPEECH.levels)
    return AudioTokens(SPEECH, stacks, source=Source(frames * 640 - 7, 16_000))


def coarse():
    stacks = tuple(codes(level, 2, -(-9 // level.stride)) for level in SNAC.levels)
    timbre = np.array([[0, 1, 0.5], [-2, 3, np.inf]], np.float32)
    return AudioTokens(SNAC, stacks, {"timbre": timbre})


def segmented():
    source = Source(2 * 4_752 + 4_700, 48_000, 2)
    frames = SEGMENTED.frames(source.samples)
    stacks = tuple(codes(level, 1, frames) for level in SEGMENTED.levels)
    scale = np.array([[0.5, 0.25, 3]], np.float32)
    return AudioTokens(SEGMENTED, stacks, {"scale": scale}, source=source)


def lasting():
    return AudioTokens(UNITS, (codes(UNITS.levels[0], 1, 40),), durations=np.arange(40) % 7 + 1)


def skewed():
    spec = TokenSpec("skewed@1:ab", 16_000, 640, 1, (Level(64), Level(64)), (1, 2))
    return AudioTokens(spec, tuple(codes(level, 1, 2_000, skew) for level, skew
                                   in zip(spec.levels, (6, 1), strict=True)))  # fmt: skip


CASES = {
    "packed": {"": speech()},
    "prefix": {"": speech(30).first(2)},
    "tracks": {"user": coarse(), "system": speech(5)},
    "segmented": {"": segmented()},
    "durations": {"": lasting()},
    "coded": {"": skewed()},
    "empty": {"": AudioTokens(SPEECH, (np.zeros((1, 0), int),) * 3)},
}


IDS = {  # of the same files, by their content
    "packed": "4fec524c", "prefix": "5a3c68d3", "tracks": "287a0778", "segmented": "43d64c3c",
    "durations": "6fcaad9f", "coded": "6f5afd9a", "empty": "faf909dc",
}  # fmt: skip


def written(named):
    """Return the bytes of a file of these tokens."""
    target = io.BytesIO()
    write_tokens(target, named)
    return target.getvalue()


def stamped(data):
    """Return a file with the id that its content has."""
    file = io.BytesIO(data)
    stamp(file)
    return file.getvalue()


def unstamped(named):
    """Return the bytes of a file of these tokens with a fixed id."""
    target = io.BytesIO()
    with (
        mock.patch("os.urandom", return_value=b"\x01\x02\x03\x04"),
        mock.patch.object(read_write, "stamp"),
    ):
        write_tokens(target, named)
    return target.getvalue()


def growing():
    """Return the bytes of a stream that was written frame by frame and broken off."""
    target = io.BytesIO()
    with mock.patch("os.urandom", return_value=b"\x01\x02\x03\x04"):
        file = TokenWriter(target, Track(SPEECH), chunk_seconds=0)
        for k in range(3):
            file.write(speech(3)[k : k + 1])
    return target.getvalue()


def live():
    """Return the bytes of a live stream: short chunks, a chunk of many frames, a known end."""
    target, some = io.BytesIO(), speech(150)
    with mock.patch("os.urandom", return_value=b"\x01\x02\x03\x04"):
        file = TokenWriter(target, Track(SPEECH), live=True)
    starts = [0, 1, 4, 24, *range(25, 150)]
    for start, stop in pairwise(starts):
        file.write(some[start:stop])
    file.announce(some.source.samples)
    file.write(some[149:])
    file.finish()
    return target.getvalue()


STREAMS = {"growing": growing, "live": live}


@pytest.mark.parametrize("case", CASES)
def test_bytes_of_token_files(case):
    golden = (FOLDER / f"{case}.vcb").read_bytes()
    assert unstamped(CASES[case]) == golden
    new = written(CASES[case])
    assert new == stamped(golden) == stamped(new)
    assert new[:9].hex() == "89766362" + "02" + IDS[case]
    with TokenFile(io.BytesIO(golden)) as file:
        assert list(file.tracks) == list(CASES[case])
        for name, some in CASES[case].items():
            assert file.read(name) == some


@pytest.mark.parametrize("case", STREAMS)
def test_bytes_of_a_stream(case):
    assert STREAMS[case]() == (FOLDER / f"{case}.vcb").read_bytes()


def test_a_live_stream_reads_as_what_was_written():
    with TokenFile(FOLDER / "live.vcb") as file:
        assert file.read() == speech(150)


def test_every_golden_file_is_tested():
    assert {path.stem for path in FOLDER.glob("*.vcb")} == {*CASES, *STREAMS}


if __name__ == "__main__":
    for name, data in {**{name: unstamped(CASES[name]) for name in CASES},
                       **{name: write() for name, write in STREAMS.items()}}.items():  # fmt: skip
        path = FOLDER / f"{name}.vcb"
        if not path.exists():
            path.write_bytes(data)
            print(f"{path.name}: {len(data)} bytes")
