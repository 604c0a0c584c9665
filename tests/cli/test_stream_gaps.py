"""`vocable stream decode --conceal`: gaps are filled and counted, late listeners join."""

from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call
from tests.cli.small import RATE, tone, write_tone
from tests.tokens.live import packets

FRAMES, FRAME = 150, 640


@pytest.fixture(scope="module")
def sent(small: Path) -> list[bytes]:
    """The head of a stream, a chunk for each frame, the trailer."""
    codec = vocable.load(small)
    samples = tone(FRAMES * FRAME / RATE)[: FRAMES * FRAME - 7, 0]
    return packets(codec.encode(samples, rate=RATE))


def heard(small: Path, data: bytes, *options: object, code: int = 0) -> tuple[np.ndarray, str]:
    done = call("stream", "decode", "--codec", small, *options, stdin=data, code=code)
    return np.frombuffer(done.stdout_bytes, "<i2"), done.stderr


def test_nothing_lost_sounds_the_same(small: Path, sent: list[bytes]) -> None:
    data = b"".join(sent)
    plain, said = heard(small, data)
    filled, said_too = heard(small, data, "--conceal")
    assert len(plain) == FRAMES * FRAME - 7 and (plain == filled).all()
    assert said == said_too == ""


def test_lost_chunks_are_filled_and_counted(small: Path, sent: list[bytes]) -> None:
    lost = sent[:30] + sent[33:60] + sent[61:]
    filled, said = heard(small, b"".join(lost), "--conceal")
    assert len(filled) == FRAMES * FRAME - 7
    assert said == "warning: stdin: 4 of 150 frames (0.16 s) were lost and are filled in\n"
    whole, _ = heard(small, b"".join(sent))
    assert (filled[: 29 * FRAME - 160] == whole[: 29 * FRAME - 160]).all()
    assert np.abs(filled[29 * FRAME : 30 * FRAME]).max() > 0


def test_the_end_is_filled_too(small: Path, sent: list[bytes]) -> None:
    filled, said = heard(small, b"".join(sent[:140] + sent[-1:]), "--conceal")
    assert len(filled) == FRAMES * FRAME - 7 and "11 of 150 frames" in said


def test_without_it_the_line_names_it(small: Path, sent: list[bytes]) -> None:
    _, said = heard(small, b"".join(sent[:30] + sent[31:]), code=1)
    assert "begins at frame 30, not 29; --conceal goes on over gaps" in said
    _, said = heard(small, b"".join(sent[30:]), code=1)
    assert "not a token file" in said and "--conceal" in said


@pytest.mark.parametrize(
    ("data", "named"),
    [(b"\0" * 9, True), (b"", False), (b"\x89vcb\x09abcd", False)],  # begun, empty, newer
)
def test_joining_is_named_where_it_may_help(small: Path, data: bytes, named: bool) -> None:
    _, said = heard(small, data, code=1)
    assert ("--conceal joins a stream that has begun" in said) == named


def test_doubled_swapped_and_damaged_chunks(small: Path, sent: list[bytes]) -> None:
    mixed = [*sent[:10], sent[9], *sent[10:20], sent[21], sent[20], b"noise", *sent[22:]]
    filled, said = heard(small, b"".join(mixed), "--conceal")
    assert len(filled) == FRAMES * FRAME - 7
    assert "1 of 150 frames" in said and "2 chunks came twice or too late" in said
    assert "5 bytes were damaged" in said


def test_who_comes_late_hears_the_rest(small: Path, sent: list[bytes]) -> None:
    late = b"".join(sent[20:])[3:]
    rest, said = heard(small, late, "--conceal")
    assert len(rest) == (FRAMES - 20) * FRAME - 7  # --codec says what it is: the next chunk
    assert said == "warning: stdin: it was joined after 3 bytes\n"


def test_a_stream_that_breaks_off_inside_a_chunk(small: Path, sent: list[bytes]) -> None:
    cut = b"".join(sent[:50])[:-2]
    found, said = heard(small, cut, "--conceal")
    assert len(found) == 48 * FRAME
    assert "4 bytes were damaged; it ends without a trailer" in said


def test_a_file_that_is_not_live(here: Path, small: Path) -> None:
    write_tone(Path("a.wav"), 1.0)
    call("encode", "a.wav", "--codec", small)
    data = Path("a.vcb").read_bytes()
    plain, _ = heard(small, data)
    filled, said = heard(small, data, "--conceal")
    assert (plain == filled).all() and len(plain) == RATE and said == ""


@pytest.mark.parametrize("data", [b"", b"what is this" * 100, bytes(1000)])
def test_what_is_no_stream_is_said(small: Path, data: bytes) -> None:
    _, said = heard(small, data, "--conceal", code=1)
    assert said.count("\n") == 1 and f"stdin: no tokens in it, of {len(data)} bytes" in said


def test_a_wav_header_is_read(here: Path, small: Path) -> None:
    wav = write_tone(Path("a.wav"), 0.5, 44_100, 2).read_bytes()
    bare = wav[wav.index(b"data") + 8 :]
    how = ["--codec", small]
    one = call("stream", "encode", *how, stdin=wav).stdout_bytes
    other = call("stream", "encode", *how, "--rate", 44_100, "--channels", 2, stdin=bare)
    Path("1.vcb").write_bytes(one)
    Path("2.vcb").write_bytes(other.stdout_bytes)
    assert vocable.read_tokens("1.vcb") == vocable.read_tokens("2.vcb")
    said = call("stream", "encode", *how, "--rate", 16_000, stdin=wav, code=1).stderr
    assert "says 44100 but --rate is 16000" in said and said.count("\n") == 1
    flac = call("stream", "encode", *how, stdin=b"fLaC" + bytes(100), code=1)
    assert flac.stderr.startswith("error: stdin is FLAC") and flac.stdout_bytes == b""
