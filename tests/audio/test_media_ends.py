"""MP4, WebM and MKV begin and end where they say, to the sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.media import chirp, copy_packets, write_media
from vocable import Audio

pytest.importorskip("av")

DATA = Path(__file__).parent / "data"
MS_OF_312 = (6_500_000).to_bytes(3, "big")  # ns in the header of a WebM


def lateness(sound: np.ndarray, audio: Audio, limit: int = 6000) -> int:
    """Return by how many samples the first channel is later than `sound`, at most `limit`."""
    padded = np.pad(audio.samples[0], (limit, limit + max(0, len(sound) - len(audio))))
    return int(np.correlate(padded, sound[: len(sound)], "valid").argmax()) - limit


def check(path: Path, sound: np.ndarray, *, late: int = 0) -> None:
    audio = Audio.read(path)
    assert len(audio) == len(sound)
    assert abs(lateness(sound, audio)) <= late
    with open(path, "rb") as file:
        assert Audio.read(file) == audio


@pytest.mark.parametrize("name", ["he-tag", "he-edit", "he-both", "he-sbr", "he-v2"])
def test_he_aac_counts_its_delay_at_half_the_rate(name):
    check(DATA / f"{name}.m4a", chirp(), late=1)


def test_the_tag_of_itunes_states_delay_and_length():
    check(DATA / "lc-tag.m4a", chirp())


@pytest.mark.parametrize("samples", [1, 5, 10, 100, 1024, 1025, 13_000, 47_114])
@pytest.mark.parametrize(
    ("name", "container", "codec", "rate"),
    [
        ("a.m4a", "ipod", "aac", 44_100),
        ("a.mov", "mov", "aac", 48_000),
        ("a.m4a", "ipod", "alac", 44_100),
        ("a.mp4", "mp4", "libopus", 48_000),
        ("a.mp4", "mp4", "flac", 48_000),
    ],
)
def test_mp4_is_exact_though_its_edits_are_in_milliseconds(
    tmp_path, samples, name, container, codec, rate
):
    """47,114 samples end 10 behind a frame of AAC, which 1 ms of an edit loses."""
    sound = chirp(samples, rate)
    write_media(tmp_path / name, container, codec, rate, sound)
    audio = Audio.read(tmp_path / name)
    assert len(audio) == samples
    if samples > 10_000:
        check(tmp_path / name, sound)


def test_an_mp4_in_fragments_is_exact(tmp_path):
    options = {"movflags": "frag_keyframe+delay_moov"}
    write_media(tmp_path / "a.mp4", "mp4", "aac", 48_000, chirp(47_114, 48_000), options=options)
    check(tmp_path / "a.mp4", chirp(47_114, 48_000))


def test_an_edit_that_cuts_the_sound_is_followed(tmp_path):
    """The edit's length stands behind `elst`, its version and flags, and the number of edits."""
    write_media(tmp_path / "a.m4a", "ipod", "aac", 48_000, chirp(48_000, 48_000))
    data = bytearray((tmp_path / "a.m4a").read_bytes())
    at = data.index(b"elst") + 12
    assert int.from_bytes(data[at : at + 4], "big") == 1000
    data[at : at + 4] = (500).to_bytes(4, "big")
    (tmp_path / "a.m4a").write_bytes(data)
    check(tmp_path / "a.m4a", chirp(48_000, 48_000)[:24_000])


@pytest.mark.parametrize("samples", [13_000, 47_114, 48_000])
def test_mp3_in_mp4_ends_within_a_millisecond(tmp_path, samples):
    """Its packets state no end, and the edit is rounded down."""
    write_media(tmp_path / "a.mp4", "mp4", "libmp3lame", 48_000, chirp(samples, 48_000))
    audio = Audio.read(tmp_path / "a.mp4")
    assert 0 <= len(audio) - samples <= 48
    assert lateness(chirp(samples, 48_000), audio) == 0


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_opus_states_its_delay_not_webm(tmp_path, rate):
    """FFmpeg 5 wrote 312 samples of 48,000 Hz as if they were of the source's rate."""
    path = tmp_path / "a.webm"
    write_media(path, "webm", "libopus", 48_000, chirp(48_000, 48_000))
    data = path.read_bytes()
    assert data.count(MS_OF_312) == 1
    wrong = (6_500_000 * rate // 48_000).to_bytes(3, "big")
    path.write_bytes(data.replace(MS_OF_312, wrong))
    check(path, chirp(48_000, 48_000))


@pytest.mark.parametrize("ending", [".webm", ".mkv"])
@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("seconds", [0.5, 2, 10])
def test_vorbis_copied_from_ogg_keeps_its_end(tmp_path, ending, rate, seconds):
    """From a file of one page, FFmpeg states too much to leave out at the end."""
    sound = chirp(int(rate * seconds), rate)
    soundfile.write(tmp_path / "a.ogg", sound, rate, format="OGG", subtype="VORBIS")
    copy_packets(tmp_path / "a.ogg", tmp_path / f"a{ending}")
    audio = Audio.read(tmp_path / f"a{ending}")
    assert len(audio) == len(sound)
    np.testing.assert_allclose(audio.samples, Audio.read(tmp_path / "a.ogg").samples, atol=1e-5)


@pytest.mark.parametrize("samples", [24_000, 40_000, 100_000])
def test_vorbis_of_ffmpeg_keeps_its_end(tmp_path, samples):
    """FFmpeg's pages of Ogg are a second long, whatever they weigh."""
    sound = np.random.default_rng(0).normal(0, 0.2, (2, samples)).astype(np.float32)
    write_media(tmp_path / "a.ogg", "ogg", "vorbis", 48_000, sound, "stereo")
    write_media(tmp_path / "made.mkv", "matroska", "vorbis", 48_000, sound, "stereo")
    copy_packets(tmp_path / "a.ogg", tmp_path / "copied.mkv")
    assert len(Audio.read(tmp_path / "copied.mkv")) == len(Audio.read(tmp_path / "a.ogg"))
    assert Audio.read(tmp_path / "made.mkv") == Audio.read(tmp_path / "copied.mkv")


@pytest.mark.parametrize("codec", ["flac", "pcm_s16le", "libopus", "aac"])
def test_mkv(tmp_path, codec):
    """AAC's first frame has a delay that the file states; its last is whole."""
    write_media(tmp_path / "a.mkv", "matroska", codec, 48_000, chirp(47_114, 48_000))
    audio = Audio.read(tmp_path / "a.mkv")
    assert 0 <= len(audio) - 47_114 < (1024 if codec == "aac" else 1)
    assert lateness(chirp(47_114, 48_000), audio) == 0
