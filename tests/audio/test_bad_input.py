"""Every bad recording gives one line that says what is wrong, where, and what to do."""

import errno
import io
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile

from vocable import Audio, AudioError, AudioReader, AudioWriter


def tone(samples=16000, channels=1):
    row = np.sin(np.arange(samples) * 0.05).astype(np.float32) * 0.5
    return np.stack([row] * channels)


def refusal(call, kind=AudioError):
    """Return the message of the error that `call` raises, after checking that it is one line."""
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and not text.endswith(".")
    return text


def wav(path, x, **options):
    soundfile.write(path, x.T, 16000, **options)
    return path


def test_a_missing_file(tmp_path):
    path = tmp_path / "a.wav"
    text = refusal(lambda: Audio.read(path), FileNotFoundError)
    assert text == f"{path}: there is no such file"


def test_a_folder(tmp_path):
    text = refusal(lambda: Audio.read(tmp_path), IsADirectoryError)
    assert text == f"{tmp_path} is a folder; name a recording in it"


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights on Windows")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path):
    path = wav(tmp_path / "a.wav", tone())
    path.chmod(0)
    refusal(lambda: Audio.read(path), PermissionError)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.m4a"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    text = refusal(lambda: Audio.read(tmp_path / name))
    assert text.endswith(f"{name} is empty (0 bytes); record or fetch it again")


def test_a_header_without_samples(tmp_path):
    wav(tmp_path / "a.wav", tone(0))
    text = refusal(lambda: Audio.read(tmp_path / "a.wav"))
    assert text.endswith("a.wav has a header but no samples; record it again")


def test_one_sample_is_a_recording(tmp_path):
    assert len(Audio.read(wav(tmp_path / "a.wav", tone(1)))) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_found_far_into_a_file(tmp_path, value):
    x = tone(200_000, 2)
    x[1, 150_000] = value
    path = wav(tmp_path / "a.wav", x, subtype="FLOAT")
    text = refusal(lambda: Audio.read(path))
    assert f"a.wav: sample 150000 (9.375 s) of channel 1 is {value}" in text
    assert "make all finite first" in text


def test_nan_is_not_written(tmp_path):
    with AudioWriter(tmp_path / "a.wav", 16000) as writer:
        writer.write(tone(1000))
        text = refusal(lambda: writer.write(np.full((1, 10), np.nan, np.float32)))
    assert "sample 1000 (0.062 s) of channel 0 is nan" in text


@pytest.mark.parametrize("content", [b"Dear diary, today\n" * 50, b"RIFF", bytes(1000)])
def test_a_file_that_is_not_a_recording(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    text = refusal(lambda: Audio.read(path))
    assert re.search(r"a.wav is not a recording \(.+\); convert it to WAV or FLAC", text)


def test_a_video_without_sound(tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "not a recording (it has no audio track)" in refusal(
        lambda: Audio.read(tmp_path / "a.mp4")
    )


def test_raw_samples_have_no_header(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    assert "raw PCM, which states neither rate" in refusal(lambda: Audio.read(tmp_path / "a.raw"))


def test_a_hostile_rate(tmp_path):
    data = bytearray(wav(tmp_path / "a.wav", tone()).read_bytes())
    data[24:28] = (1).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    text = refusal(lambda: Audio.read(tmp_path / "a.wav"))
    assert text.endswith("its header says 1 Hz; 1000 to 768000 Hz can be read")


@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_a_truncated_file(tmp_path, ending, caplog):
    path = tmp_path / f"a{ending}"
    rng = np.random.default_rng(0)
    Audio(rng.uniform(-0.5, 0.5, (1, 64000)), 16000).save(path)
    whole = Audio.read(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    text = refusal(lambda: Audio.read(path))
    assert re.search(r"a\.\w+ (ends after|breaks off at) .*\(PATH, recover=True\)$", text)
    with AudioReader(path, recover=True) as reader:
        part = np.concatenate(list(reader.blocks(4096)), axis=1)
    assert 40_000 < part.shape[1] <= 48_000
    np.testing.assert_array_equal(part, whole.samples[:, : part.shape[1]])
    assert "going on with what is there" in caplog.text


@pytest.mark.parametrize("samples", [30_000, 300_000])
def test_of_a_cut_flac_file_every_whole_frame_is_recovered(tmp_path, samples):
    """A frame has 4096 samples; blocks of the reader have 65,536."""
    noise = np.random.default_rng(0).integers(-9000, 9000, (samples, 1)).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", noise, 16_000)
    whole = Audio.read(tmp_path / "a.flac").samples
    data = (tmp_path / "a.flac").read_bytes()
    for share in (0.3, 0.5, 0.9, 0.999):
        (tmp_path / "a.flac").write_bytes(data[: int(len(data) * share)])
        part = Audio.read(tmp_path / "a.flac", recover=True).samples
        assert samples * share - 2 * 4096 < part.shape[1] <= samples * share
        assert part.shape[1] % 4096 == 0
        np.testing.assert_array_equal(part, whole[:, : part.shape[1]])


@pytest.mark.parametrize("damage", ["bit", "hole", "rubbish", "beginning of a frame", "twice"])
def test_flac_is_read_past_damage_and_silence_keeps_the_time(tmp_path, caplog, damage):
    path, noise = tmp_path / "a.flac", np.random.default_rng(0).integers(-9000, 9000, 200_000)
    soundfile.write(path, noise.astype(np.int16), 16_000)
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    if damage in ("bit", "twice"):
        data[at] ^= 1
    if damage == "twice":
        data[at // 2] ^= 1
    if damage == "hole":
        del data[at : at + 20_000]
    if damage == "rubbish":
        data[at:at] = np.random.default_rng(1).bytes(50_000)
    if damage == "beginning of a frame":
        data[data.index(b"\xff\xf8", at)] = 0
    path.write_bytes(data)
    refusal(lambda: Audio.read(path))
    read = np.round(Audio.read(path, recover=True).samples[0] * 2**15)
    assert len(read) == len(noise)
    other = np.flatnonzero(read != noise)
    assert 0 < len(other) <= 5 * 4096 and not read[other].any()
    reports = [record for record in caplog.records if "is damaged near" in record.getMessage()]
    assert len(reports) == (2 if damage == "twice" else 1)


SUBTYPES = {
    **{"a.wav": "PCM_24", "b.wav": "ULAW", "c.wav": "IMA_ADPCM", "a.rf64": "PCM_16"},
    **{"a.w64": "FLOAT", "a.aiff": "PCM_16", "a.au": "PCM_16", "a.caf": "PCM_16"},
    **{"a.ogg": "VORBIS", "a.opus": "OPUS", "a.mp3": "MPEG_LAYER_III", "a.flac": "PCM_16"},
}


@pytest.mark.parametrize("name", SUBTYPES)
def test_a_missing_end_is_noticed_in_every_format(tmp_path, name):
    path = tmp_path / name
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 64000))
    container = {"opus": "OGG"}.get(path.suffix[1:])
    soundfile.write(path, noise.T, 16000, subtype=SUBTYPES[name], format=container)
    whole = path.read_bytes()
    assert 64000 <= len(Audio.read(path)) < 64100
    for share in (0.5, 0.75, 0.99, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        text = refusal(lambda: Audio.read(path))
        assert f"{name} ends after" in text or f"{name} breaks off" in text


@pytest.mark.parametrize(
    ("name", "size", "written"),
    [
        ("a.wav", b"data", b"\x00\xf0\xff\x7f"),
        ("a.aiff", b"SSND", b"\x7f\x00\x00\x08"),
        ("a.au", b".snd\x00\x00\x00\x18", b"\xff" * 4),
        ("a.caf", b"data", b"\xff" * 8),
    ],
)
def test_a_size_left_unknown_by_a_pipe_is_ignored(tmp_path, name, size, written):
    soundfile.write(tmp_path / name, tone().T, 16000)
    data = (tmp_path / name).read_bytes()
    at = data.index(size) + len(size)
    (tmp_path / name).write_bytes(data[:at] + written + data[at + len(written) :])
    assert len(Audio.read(tmp_path / name)) == 16000


def test_an_ogg_file_may_lack_its_last_page(tmp_path):
    """Phones write such files; only an incomplete page is refused."""
    Audio(tone(64000), 16000).save(tmp_path / "a.opus")
    data = (tmp_path / "a.opus").read_bytes()
    (tmp_path / "a.opus").write_bytes(data[: data.rindex(b"OggS")])
    assert 40_000 < len(Audio.read(tmp_path / "a.opus")) < 64_000


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".w64"])
def test_damage_gives_an_audio_error_or_finite_samples(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    Audio(tone(8000), 16000).save(path)
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        data = bytearray(good[: rng.integers(1, len(good) + 1)])
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        try:
            samples = Audio.read(path).samples
        except AudioError as error:
            assert "\n" not in str(error)
        else:
            assert np.isfinite(samples).all()


def test_libsndfile_may_seek_before_the_beginning(tmp_path, monkeypatch):
    """An exception in one of its callbacks could not be raised, and would be printed."""
    data = bytearray(wav(tmp_path / "a.aiff", tone(8000)).read_bytes())
    data[data.index(b"SSND")] = 0
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    refusal(lambda: Audio.read(io.BytesIO(bytes(data))))
    assert not printed


@pytest.mark.parametrize("rate", [8000, 96000])
def test_low_and_high_rates_and_six_channels_are_kept(tmp_path, rate):
    audio = Audio(tone(rate, 6), rate)
    audio.save(tmp_path / "a.flac")
    again = Audio.read(tmp_path / "a.flac")
    assert (again.rate, again.channels, len(again)) == (rate, 6, rate)


def test_a_missing_output_folder(tmp_path):
    path = tmp_path / "no" / "a.wav"
    text = refusal(lambda: Audio(tone(), 16000).save(path), FileNotFoundError)
    assert text == f"{path}: there is no folder {tmp_path / 'no'}; make it first"


def test_an_output_that_is_a_folder(tmp_path):
    (tmp_path / "a.wav").mkdir()
    text = refusal(lambda: Audio(tone(), 16000).save(tmp_path / "a.wav"), IsADirectoryError)
    assert text.endswith("a.wav is a folder; name a file in it")


@pytest.mark.parametrize("name", ["a", "a.m4a", "a.txt"])
def test_an_ending_that_cannot_be_written(tmp_path, name):
    text = refusal(lambda: Audio(tone(), 16000).save(tmp_path / name))
    assert "use one of .wav .flac .ogg .opus .mp3" in text


def test_opus_of_another_rate(tmp_path):
    text = refusal(lambda: Audio(tone(), 44100).save(tmp_path / "a.opus"))
    assert "Opus holds 8000, 12000, 16000, 24000, 48000 Hz, not 44100; resample" in text


def test_more_than_a_format_can_hold(tmp_path):
    text = refusal(lambda: Audio(tone(channels=6), 16000).save(tmp_path / "a.mp3"))
    assert re.search(r"MP3 cannot hold 6 channels at 16000 Hz \(.+\); write .wav instead", text)
    hours = 8 * 3600 * 48000
    text = refusal(lambda: AudioWriter(tmp_path / "a.wav", 48000, 2, expected=hours))
    assert "WAV ends after 22370 s of 2 channels at 48000 Hz; write .flac or .w64" in text
    assert os.listdir(tmp_path) == []


def test_blocks_of_other_channels(tmp_path):
    with AudioWriter(tmp_path / "a.wav", 16000, 2) as writer:
        text = refusal(lambda: writer.write(tone()))
    assert text.endswith("a.wav: block has 1 channels, not 2")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes on Windows")
@pytest.mark.parametrize("limit", [0, 50_000])
@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg"])
def test_a_full_disk(tmp_path, ending, limit):
    """A limit on the size of files makes a write fail as a full disk does."""
    path = tmp_path / f"a{ending}"
    Audio(tone(1000), 16000).save(path)
    before = path.read_bytes()
    code = """
        import resource, sys, numpy, vocable
        noise = numpy.random.default_rng(0).uniform(-1, 1, (1, 2_000_000))
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
        try:
            vocable.Audio(noise, 16000).save(sys.argv[1], overwrite=True)
        except vocable.AudioError as error:
            print(error)
    """
    command = [sys.executable, "-B", "-c", textwrap.dedent(code), str(path), str(limit)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r"a\.\w+: writing failed after \d+\.\d s \(.+ MiB are free in .+\)", printed)
    assert "make room and run again" in printed
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device(tmp_path):
    (tmp_path / "full.wav").symlink_to("/dev/full")
    text = refusal(lambda: Audio(tone(), 16000).save(tmp_path / "full.wav"))
    assert os.strerror(errno.ENOSPC) in text


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_stays_a_device(tmp_path):
    (tmp_path / "null.wav").symlink_to("/dev/null")
    Audio(tone(), 16000).save(tmp_path / "null.wav")
    assert not os.path.isfile("/dev/null")
