"""A WAV header before samples is read and other formats are refused: neither becomes sound."""

import io
import struct

import numpy as np
import pytest

from vocable.cli.pcm import PcmFormat, read_blocks
from vocable.cli.pcm_header import open_pcm
from vocable.errors import AudioError

USUAL = PcmFormat("s16le", 16_000, 1)
SAMPLES = np.arange(-50, 50, dtype="<i2").tobytes()


class Pipe(io.BytesIO):
    """Gives what it holds in pieces of at most `piece` bytes."""

    def __init__(self, data: bytes, piece: int = 1 << 16) -> None:
        super().__init__(data)
        self.piece = piece

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(min(size, self.piece))


def fmt(tag=1, channels=1, rate=16_000, bits=16, extra=b""):
    align = channels * bits // 8
    body = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + extra
    return b"fmt " + struct.pack("<I", len(body)) + body


def wav(samples=SAMPLES, size=None, form=None, before=b"", after=b"", magic=b"RIFF"):
    stated = len(samples) if size is None else size
    data = b"data" + struct.pack("<I", stated) + samples
    return magic + b"\0\0\0\0WAVE" + before + (fmt() if form is None else form) + data + after


def opened(data, piece=1 << 16, form=None, rate=None, channels=None):
    """Return the samples as bytes, and what they are said to be."""
    source, found = open_pcm(Pipe(data, piece), USUAL, form=form, rate=rate, channels=channels)
    read = b""
    while more := source.read1(1 << 16):
        read += more
    return read, found


@pytest.mark.parametrize("piece", [1, 3, 1 << 16])
@pytest.mark.parametrize("samples", [SAMPLES, b"", b"ab", b"\xff\xfb\x90\x00" + SAMPLES])
def test_bare_samples_stay_as_they_are(samples, piece):
    assert opened(samples, piece) == (samples, USUAL)
    stated = PcmFormat("f32le", 8000, 2)
    assert opened(samples, piece, "f32le", 8000, 2) == (samples, stated)


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_a_wav_header_is_no_sound(piece):
    assert opened(wav(), piece) == (SAMPLES, USUAL)


@pytest.mark.parametrize(
    "size", [0, 0x7F00_0000, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
)
def test_a_wav_of_unknown_length_is_read_to_its_end(size):
    """As sox, ffmpeg, arecord and GStreamer write them to pipes."""
    assert opened(wav(size=size)) == (SAMPLES, USUAL)


def test_rate_channels_and_format_come_from_the_header():
    floats = np.zeros(8, "<f4").tobytes()
    stereo = fmt(3, 2, 44_100, 32)
    assert opened(wav(floats, form=stereo)) == (floats, PcmFormat("f32le", 44_100, 2))
    wide = fmt(0xFFFE, 2, 48_000, 16, struct.pack("<HHIH", 22, 16, 3, 1) + b"\0" * 14)
    assert opened(wav(form=wide))[1] == PcmFormat("s16le", 48_000, 2)
    assert opened(wav(), form="s16le", rate=16_000, channels=1)[1] == USUAL


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"rate": 8000}, "says 16000 but --rate is 8000; leave --rate out"),
        ({"channels": 2}, "says 1 but --channels is 2"),
        ({"form": "f32le"}, "says s16le but --format is f32le"),
    ],
)
def test_options_that_contradict_the_header_are_refused(said, message):
    with pytest.raises(AudioError, match=message):
        opened(wav(), **said)


def test_chunks_around_the_samples_are_no_sound(caplog):
    tags = b"LIST" + struct.pack("<I", 5) + b"INFO!\0"
    assert opened(wav(before=tags, after=tags)) == (SAMPLES, USUAL)
    assert not caplog.records


def test_a_long_header_takes_no_memory():
    tags = b"junk" + struct.pack("<I", 1 << 20) + bytes(1 << 20)
    assert opened(wav(before=tags)) == (SAMPLES, USUAL)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wav(size=50), "150 bytes after the 50 of its WAV header are left out"),
        (wav(size=300), "its WAV header states 300 bytes of samples, 200 came"),
        (wav(size=0x9000_0000), "its WAV header states 2415919104 bytes of samples, 200 came"),
    ],
)
def test_a_length_that_is_not_true_is_said(data, message, caplog):
    read, _ = opened(data)
    assert SAMPLES.startswith(read) and message in caplog.text


def rf64(samples, size):
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, 0, size, 0, 0)
    return wav(samples, 0xFFFF_FFFF, before=ds64, magic=b"RF64")


def test_rf64_states_its_length_elsewhere(caplog):
    rest = b"LIST" + struct.pack("<I", 100) + bytes(96)
    assert opened(rf64(SAMPLES[:100] + rest, 100))[0] == SAMPLES[:100] and not caplog.records


@pytest.mark.parametrize(("size", "known"), [(0, False), (2**62, False), (2**31, True)])
def test_rf64_of_unknown_length_is_read_to_its_end(size, known, caplog):
    """64 bits have room for true sizes that would stand for an unknown one in 32."""
    assert opened(rf64(SAMPLES, size))[0] == SAMPLES
    assert ("states 2147483648 bytes of samples, 200 came" in caplog.text) == known


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wav(form=fmt(1, 1, 16_000, 24)), "WAV of 24 bits in format 1"),
        (wav(form=fmt(7, 1, 8000, 8)), "WAV of 8 bits in format 7"),
        (wav(form=fmt(channels=0)), "states 0 channels"),
        (wav(form=b""), "does not say what its samples are"),
        (wav()[:20], "ends inside its WAV header"),
        (b"RIFF\0\0\0\0WAVE", "ends inside its WAV header"),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", "damaged: its format is cut"),
        (b"fLaC\0\0\0\x22" + bytes(40), "stdin is FLAC, not bare samples; pipe it through `ffmpeg"),
        (b"OggS" + bytes(40), "stdin is Ogg"),
        (b"ID3\4" + bytes(40), "stdin is MP3"),
        ((b"\xff\xfb\x90\0" + bytes(413)) * 2, "stdin is MP3 or AAC"),  # 128 kbit/s, 44.1 kHz
        ((b"\xff\xf1\x50\x80\x06\x1f\xfc" + bytes(41)) * 2, "stdin is MP3 or AAC"),
        (b"\0\0\0\x20ftypM4A " + bytes(40), "stdin is MP4"),
        (b"FORM\0\0\0\x20AIFF" + bytes(40), "stdin is AIFF"),
        (b"\x1a\x45\xdf\xa3" + bytes(40), "stdin is WebM or Matroska"),
        (b"RIFF\0\0\0\0AVI " + bytes(40), "stdin is RIFF without WAVE"),
        (b"RIFX\0\0\0\0WAVE" + bytes(40), "a big-endian WAV"),
        (b"\x89vcb\2" + bytes(40), "a token file, not samples; `vocable stream decode` reads it"),
    ],
)
def test_what_is_not_bare_samples_is_refused(data, message):
    with pytest.raises(AudioError, match=message):
        opened(data)


def test_blocks_of_a_wav_are_its_samples():
    source, found = open_pcm(Pipe(wav(), 5), USUAL, form=None, rate=None, channels=None)
    blocks = list(read_blocks(source, found.form, found.channels))
    joined = np.concatenate(blocks, axis=1)
    assert (joined * 2**15 == np.arange(-50, 50)).all()
