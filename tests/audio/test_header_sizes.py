"""A header that states too much or too little sound does not decide what is read."""

import io
import struct
import sys

import numpy as np
import pytest
import soundfile

from vocable import Audio, AudioError, AudioReader
from vocable.audio.chunks import is_open_size

SAMPLES = 30_000
NOISE = np.random.default_rng(0).integers(-9000, 9000, SAMPLES).astype("<i2")
PCM = NOISE.tobytes()
GIB_4 = 2**32
W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def wav(size, body=PCM):
    """Return a WAV file of 16 kHz and 16 bits that states `size` bytes of sound."""
    form = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", (36 + size) % GIB_4) + b"WAVEfmt " + struct.pack("<I", 16)
    return head + form + b"data" + struct.pack("<I", size % GIB_4) + body


def read(data, **options):
    return Audio.read(io.BytesIO(data), **options)


def is_whole(audio):
    return np.array_equal(audio.samples[0] * 2**15, NOISE)


@pytest.mark.parametrize("size", [0, GIB_4 - 1, 0x7FFF_F000, 2 * SAMPLES + 36, 2 * SAMPLES + 44])
@pytest.mark.parametrize("recover", [False, True])
def test_a_size_that_is_unknown_or_counts_the_header_is_no_size(size, recover, caplog):
    assert is_whole(read(wav(size), recover=recover))
    assert not caplog.records


def test_a_size_that_is_too_small_is_reported(caplog):
    with AudioReader(io.BytesIO(wav(SAMPLES))) as reader:
        assert reader.samples == SAMPLES // 2
        assert sum(block.shape[1] for block in reader.blocks()) == SAMPLES // 2
    assert "audio: 30000 bytes follow after the sound that its header states, left" in caplog.text
    assert "recover=True" in caplog.text
    caplog.clear()
    assert is_whole(read(wav(SAMPLES), recover=True))
    assert "30000 bytes follow after the sound that its header states, taken as" in caplog.text


def test_a_size_that_is_too_large_is_refused():
    data = wav(2 * SAMPLES + 1000)
    with pytest.raises(AudioError, match=r"ends after 1\.88 s of 1\.91 s"):
        read(data)
    assert is_whole(read(data, recover=True))


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_file_that_lacks_its_last_bytes_is_refused(missing):
    data = wav(2 * SAMPLES, PCM[:-missing])
    with pytest.raises(AudioError, match=r"ends after 1\.87 s of 1\.88 s"):
        read(data)
    assert len(read(data, recover=True)) == SAMPLES - (missing + 1) // 2


FULL = pytest.mark.skipif(sys.platform == "win32", reason="takes 4 GiB where files are not sparse")


@FULL
@pytest.mark.parametrize("ending", ["wav", "au"])
def test_a_size_that_was_wrapped_at_4_gib_is_mended(tmp_path, ending):
    """The file is sparse: it takes no room on most disks."""
    size = GIB_4 + 2_000_000
    head = wav(size, b"")
    if ending == "au":
        head = struct.pack(">4sIIIII", b".snd", 24, size % GIB_4, 3, 16_000, 1)
    with open(tmp_path / "a", "wb") as file:
        file.write(head + NOISE.tobytes())
        file.truncate(len(head) + size)
    with AudioReader(tmp_path / "a") as reader:
        assert (reader.samples, reader.rate, reader.channels) == (size // 2, 16_000, 1)
        first = next(reader.blocks(SAMPLES))
    expected = NOISE if ending == "wav" else NOISE.byteswap()
    np.testing.assert_array_equal(first[0] * 2**15, expected)


OPEN = [0, 0x7F00_0000, 0x7FFF_F000, 2**31 - 1, 2**31, GIB_4 - 1]
TRUE = [1, 0x7E00_0000, 0x7F80_0000, 0x9000_0000, 0xFFFE_0000]


def test_which_sizes_stand_for_an_unknown_one():
    """SoX, FFmpeg, LAME, arecord, GStreamer; of 64 bits CAF's -1."""
    assert all(is_open_size(size) for size in OPEN)
    assert not any(is_open_size(size) for size in TRUE)
    assert is_open_size(0, 64) and is_open_size(2**64 - 1, 64)
    assert not any(is_open_size(size, 64) for size in OPEN[1:] + TRUE)


@pytest.mark.parametrize("size", TRUE[1:])
def test_a_large_size_that_is_not_there_is_refused(size):
    """A download of 2.4 GB that broke off is not a recording from a pipe."""
    with pytest.raises(AudioError, match=r"ends after 1\.88 s of \d+\.\d\d s; fetch it again"):
        read(wav(size))
    assert is_whole(read(wav(size), recover=True))


@FULL
@pytest.mark.parametrize("size", [0x7FFF_8000, 0x9000_0000, GIB_4 - 2**15])
def test_a_size_that_the_file_keeps_is_a_size(size, tmp_path):
    with open(tmp_path / "a.wav", "wb") as file:
        file.write(wav(size, b""))
        file.truncate(44 + size)
        file.seek(44 + size)
        file.write(CHUNK["WAV"])
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.samples == size // 2


@FULL
@pytest.mark.parametrize("stated", [0, 0x7F00_0000, GIB_4 - 1])
def test_sound_that_aiff_cannot_state_is_not_lost_in_silence(stated, tmp_path, caplog):
    """As from a pipe of more than 4 GiB."""
    data = bytearray(file_of("AIFF"))
    start = data.index(b"SSND") + 16
    struct.pack_into(">I", data, start - 12, min(stated + 8, GIB_4 - 1))
    with open(tmp_path / "a.aiff", "wb") as file:
        file.write(data[:start])
        file.truncate(start + GIB_4 + 2_000_000)
    words = "a.aiff has more sound than its header states, which cannot be mended here; write it"
    with pytest.raises(AudioError, match=words):
        AudioReader(tmp_path / "a.aiff")
    if stated:
        AudioReader(tmp_path / "a.aiff", recover=True).close()
        assert "cannot be mended here; what its header states is read" in caplog.text


@FULL
def test_a_wrapped_size_ends_before_the_chunks_that_follow(tmp_path):
    size = GIB_4 + 2_000_000
    with open(tmp_path / "a.wav", "wb") as file:
        file.write(wav(size, b""))
        file.truncate(44 + size)
        file.seek(44 + size)
        file.write(b"LIST" + struct.pack("<I", 100) + bytes(100))
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.samples == size // 2


CHUNK = {
    "WAV": b"LIST" + struct.pack("<I", 1000) + bytes(1000),
    "RF64": b"LIST" + struct.pack("<I", 1000) + bytes(1000),
    "AIFF": b"ANNO" + struct.pack(">I", 1000) + bytes(1000),
    "CAF": b"free" + struct.pack(">Q", 1000) + bytes(1000),
    "W64": b"LIST" + W64_TAIL + struct.pack("<Q", 1024) + bytes(1000),
}


def file_of(container, samples=NOISE, **options):
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=container, subtype="PCM_16", **options)
    return file.getvalue()


@pytest.mark.parametrize("container", CHUNK)
@pytest.mark.parametrize("samples", [SAMPLES, SAMPLES - 1])
def test_chunks_after_the_sound_are_not_sound(container, samples, caplog):
    """libsndfile takes them as sound in W64."""
    data = file_of(container, NOISE[:samples])
    data += bytes(-len(data) % 8) if container == "W64" else b""
    for recover in (False, True):
        audio = read(data + CHUNK[container], recover=recover)
        np.testing.assert_array_equal(audio.samples[0] * 2**15, NOISE[:samples])
    assert not caplog.records


@pytest.mark.parametrize("container", [*CHUNK, "AU"])
def test_what_is_in_no_chunk_is_reported_and_can_be_taken_as_sound(container, caplog):
    data = file_of(container, NOISE[:20_000])
    rest = NOISE[20_000:].astype(">i2" if container in ("AIFF", "CAF", "AU") else "<i2").tobytes()
    assert len(read(data + rest)) == 20_000
    assert "20000 bytes follow after the sound that its header states, left out" in caplog.text
    assert is_whole(read(data + rest, recover=True))


SIZES = {  # the bytes before a size, its type, and what is stated where the size is not known
    "AIFF": (b"SSND", ">I", 0),
    "CAF": (b"data", ">q", 0),
    "AU": (b".snd\0\0\0\x18", ">I", 0),
    "W64": (b"data" + W64_TAIL, "<Q", 0),
    "RF64": (b"ds64\x1c\0\0\0" + bytes(8), "<Q", 0),
}


@pytest.mark.parametrize("container", SIZES)
def test_a_size_of_0_is_unknown_in_every_format(container, caplog):
    before, kind, unknown = SIZES[container]
    data = bytearray(file_of(container))
    if container == "RF64":
        data[20:28] = bytes(8)
    at = data.index(before) + len(before)
    struct.pack_into(kind, data, at, unknown)
    assert is_whole(read(bytes(data)))
    assert not caplog.records


def test_an_empty_file_stays_empty():
    for data in (wav(0, b""), wav(0, CHUNK["WAV"])):
        with pytest.raises(AudioError, match="has a header but no samples"):
            read(data)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        *(("WAV", kind) for kind in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "NMS_ADPCM_32")),
        *(("W64", kind) for kind in ("IMA_ADPCM", "MS_ADPCM", "GSM610")),
    ],
)
def test_a_filled_up_block_ends_where_the_header_says(container, subtype):
    file, tone = io.BytesIO(), 0.3 * np.sin(np.arange(10_001) * 0.05)
    soundfile.write(file, tone, 8000, format=container, subtype=subtype)
    data = bytearray(file.getvalue())
    whole = soundfile.read(io.BytesIO(bytes(data)))[0]
    assert len(whole) > len(tone)
    if subtype == "IMA_ADPCM" or container == "W64":  # libsndfile states whole blocks here
        at, kind = data.index(b"fact") + 8, "<I"
        if container == "W64":
            at, kind = at + 16, "<Q"
        struct.pack_into(kind, data, at, len(tone))
    with AudioReader(io.BytesIO(bytes(data))) as reader:
        assert reader.samples == len(tone)
        joined = np.concatenate(list(reader.blocks(1000)), axis=1)[0]
    np.testing.assert_array_equal(joined, whole[: len(tone)].astype(np.float32))


def test_a_number_of_samples_that_cannot_be_right_is_passed_over():
    file = io.BytesIO()
    soundfile.write(file, np.zeros(30_000), 8000, format="WAV", subtype="MS_ADPCM")
    data = bytearray(file.getvalue())
    for fact in (0, 1, 10_000, 2**32 - 1):
        struct.pack_into("<I", data, data.index(b"fact") + 8, fact)
        assert len(read(bytes(data))) == len(soundfile.read(io.BytesIO(bytes(data)))[0])
