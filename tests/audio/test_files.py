"""What is written is read back: every sample, 16 bits bit for bit, in blocks as in one go."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.media import BY_AV, tone, write_media
from vocable import Audio, AudioError, AudioReader, AudioWriter

EXACT = [".wav", ".flac", ".aiff", ".w64", ".rf64"]
LOSSY = [".ogg", ".opus", ".mp3"]


def noise(samples, channels=1):
    rng = np.random.default_rng(samples + channels)
    return np.clip(rng.standard_normal((channels, samples)) * 0.2, -1, 1).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.mark.parametrize("ending", EXACT)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sixteen_bits_come_back_bit_for_bit(folder, ending, channels):
    every = np.arange(-(2**15), 2**15, dtype=np.int16)
    audio = Audio(np.stack([np.roll(every, k) for k in range(channels)]), 44100)
    audio.save(folder / f"a{ending}")
    assert Audio.read(folder / f"a{ending}") == audio


@pytest.mark.parametrize("ending", EXACT + LOSSY)
@given(samples=st.one_of(st.integers(1, 50), st.integers(51, 30000)))
def test_every_format_keeps_the_number_of_samples(tmp_path_factory, ending, samples):
    path = tmp_path_factory.getbasetemp() / f"length{ending}"
    Audio(noise(samples), 16000).save(path, overwrite=True)
    with AudioReader(path) as reader:
        assert (reader.samples, reader.rate, reader.channels) == (samples, 16000, 1)
    assert len(Audio.read(path)) == samples


@pytest.mark.parametrize("ending", LOSSY)
def test_lossy_formats_are_similar_and_not_delayed(folder, ending):
    t = np.arange(32000) / 16000
    audio = Audio(0.5 * np.sin(2 * np.pi * (200 + 300 * t) * t), 16000)
    audio.save(folder / f"a{ending}")
    error = Audio.read(folder / f"a{ending}").samples - audio.samples
    assert np.sqrt((error**2).mean()) < 0.03


@pytest.mark.parametrize("ending", [".wav", ".flac", *LOSSY])
@pytest.mark.parametrize("size", [1000, 4096, 70000])
def test_blocks_joined_are_the_whole_recording(folder, ending, size):
    path = folder / f"a{ending}"
    Audio(noise(100_001, 2), 48000).save(path)
    with AudioReader(path) as reader:
        blocks = list(reader.blocks(size))
    assert [block.shape[1] for block in blocks[:-1]] == [size] * (100_000 // size)
    # MP3 decoding may differ in the last bit; with a seek between blocks it would be off by 0.1.
    joined = np.concatenate(blocks, axis=1)
    np.testing.assert_allclose(joined, Audio.read(path).samples, rtol=0, atol=1e-6)


def test_writing_in_blocks_gives_the_same_recording(folder):
    x = noise(150_000)
    Audio(x, 16000).save(folder / "whole.flac")
    with AudioWriter(folder / "blocks.flac", 16000) as writer:
        for block in np.split(x, [1, 500, 80_000], axis=1):
            writer.write(block)
    assert writer.samples == 150_000
    assert Audio.read(folder / "blocks.flac") == Audio.read(folder / "whole.flac")


def test_samples_beyond_one_are_clipped_counted_and_warned_of_once(folder, caplog):
    x = np.array([[1.0, -1.0, 1.5, -2.0, 0.5, 1.0001]], np.float32)
    with AudioWriter(folder / "a.wav", 16000) as writer:
        writer.write(x)
        writer.write(x)
    assert writer.clipped == 6
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / 'a.wav'}: 6 samples beyond ±1 were clipped"
    ]
    top = 1 - 2**-15
    expected = [[top, -1, top, -1, 0.5, top] * 2]
    np.testing.assert_array_equal(Audio.read(folder / "a.wav").samples, expected)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_wav_of_other_depths_is_read(folder, subtype):
    x = noise(1000, 2)
    soundfile.write(folder / "a.wav", x.T, 16000, subtype=subtype)
    error = Audio.read(folder / "a.wav").samples - x
    assert np.abs(error).max() < {"PCM_U8": 0.008, "ULAW": 0.04}.get(subtype, 1e-6)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3"])
def test_open_files_are_read(folder, ending):
    Audio(noise(5000), 16000).save(folder / f"a{ending}")
    whole = Audio.read(folder / f"a{ending}")
    assert Audio.read(str(folder / f"a{ending}")) == whole
    assert Audio.read(io.BytesIO((folder / f"a{ending}").read_bytes())) == whole
    with open(folder / f"a{ending}", "rb") as file:
        assert Audio.read(file) == whole


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes on Windows")
def test_a_named_pipe_is_read_and_written(folder):
    Audio(noise(50_000), 16000).save(folder / "a.flac")
    os.mkfifo(folder / "pipe.wav")
    code = "import sys, vocable; vocable.Audio.read(sys.argv[1]).save(sys.argv[2])"
    command = [sys.executable, "-c", code, str(folder / "a.flac"), str(folder / "pipe.wav")]
    writer = subprocess.Popen(command)
    audio = Audio.read(folder / "pipe.wav")
    assert writer.wait() == 0
    assert audio == Audio.read(folder / "a.flac")
    assert (folder / "pipe.wav").is_fifo()


def test_stdin_and_stdout(folder):
    Audio(noise(50_000), 16000).save(folder / "a.flac")
    code = "import vocable; vocable.Audio.read('-').save('-')"
    data = (folder / "a.flac").read_bytes()
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert Audio.read(io.BytesIO(done.stdout)) == Audio.read(folder / "a.flac")


def test_a_wav_that_a_program_wrote_to_a_pipe_is_read(folder):
    """Its header states the largest possible size."""
    Audio(noise(1000), 16000).save(folder / "a.wav")
    data = bytearray((folder / "a.wav").read_bytes())
    at = data.index(b"data") + 4
    for size in (0xFFFFFFFF, 0x7FFFFFFF):
        data[at : at + 4] = size.to_bytes(4, "little")
        assert len(Audio.read(io.BytesIO(bytes(data)))) == 1000


def test_nothing_is_overwritten_unless_asked(folder):
    path = folder / "a.wav"
    Audio(noise(1000), 16000).save(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a.wav exists; .* overwrite=True \(--force\)"):
        Audio(noise(10), 16000).save(path)
    assert path.read_bytes() == before
    Audio(noise(10), 16000).save(path, overwrite=True)
    assert len(Audio.read(path)) == 10


def test_an_exception_leaves_the_old_file_and_nothing_else(folder):
    path = folder / "a.wav"
    Audio(noise(1000), 16000).save(path)
    with (
        pytest.raises(RuntimeError, match="in the middle"),
        AudioWriter(path, 16000, overwrite=True) as writer,
    ):
        writer.write(noise(500))
        raise RuntimeError("in the middle")
    assert os.listdir(folder) == ["a.wav"]
    assert len(Audio.read(path)) == 1000


def test_an_unfinished_file_does_not_have_its_final_name(folder):
    writer = AudioWriter(folder / "a.wav", 16000)
    writer.write(noise(500))
    assert not (folder / "a.wav").exists()
    writer.close()
    writer.close()
    assert os.listdir(folder) == ["a.wav"]


def test_long_and_odd_names(folder):
    for name in ("ü" * 120 + ".wav", "a b\n'\".flac", "-.wav", "x" * 240 + ".wav"):
        Audio(noise(100), 16000).save(folder / name)
        assert len(Audio.read(folder / name)) == 100


@pytest.mark.parametrize("ending", [".m4a", ".mp4", ".webm", ".mka", ".aac"])
def test_media_files_are_read_in_blocks_and_from_open_files(folder, ending):
    pytest.importorskip("av")
    path = folder / f"a{ending}"
    container, codec, rate = BY_AV[ending]
    samples = rate
    write_media(path, container, codec, rate, tone(rate))
    audio = Audio.read(path)
    assert (audio.rate, audio.channels) == (rate, 1)
    # AAC has frames of 1024 samples: the last one stays whole, in bare AAC the first one as well.
    extra = {".webm": 0, ".aac": 2 * 1024}.get(ending, 1023)
    assert samples <= len(audio) <= samples + extra
    with AudioReader(path) as reader:
        blocks = list(reader.blocks(1000))
        assert reader.samples is None
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), audio.samples)
    with open(path, "rb") as file:
        assert Audio.read(file) == audio


def test_without_the_extra_the_command_to_install_it_is_named(folder, monkeypatch):
    monkeypatch.setattr("vocable.audio.av_decoder.is_installed", lambda: False)
    (folder / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(AudioError, match=r'need an extra: pip install "vocable\[media\]"'):
        Audio.read(folder / "a.m4a")
