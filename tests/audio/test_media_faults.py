"""A cut or damaged MP4, WebM or MKV says so, and gives what is there."""

import re

import numpy as np
import pytest

from tests.audio.media import chirp, tone, write_media
from vocable import Audio, AudioError

av = pytest.importorskip("av")

SECONDS = 5
MADE = {  # name: container, codec, options
    "a.webm": ("webm", "libopus", {}),
    "a.mkv": ("matroska", "aac", {}),
    "a.m4a": ("ipod", "aac", {"movflags": "faststart"}),
    "a.mp4": ("mp4", "flac", {"movflags": "faststart"}),
    "a.aac": ("adts", "aac", {}),
}


@pytest.fixture(params=MADE)
def path(request, tmp_path):
    container, codec, options = MADE[request.param]
    sound = tone(48_000, SECONDS) + np.random.default_rng(0).normal(0, 0.05, 48_000 * SECONDS)
    path = tmp_path / request.param
    write_media(path, container, codec, 48_000, sound.astype(np.float32), options=options)
    return path


def refusal(path):
    with pytest.raises(AudioError) as caught:
        Audio.read(path)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_is_refused_and_recovered_up_to_the_cut(path, share, caplog):
    whole = Audio.read(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert re.search(r"breaks off at \d\.\d\d s \(.+\); fetch it again, or take", refusal(path))
    part = Audio.read(path, recover=True)
    assert share * 0.95 - 0.05 < len(part) / len(whole) <= share * 1.05
    np.testing.assert_array_equal(part.samples, whole.samples[:, : len(part)])
    assert "going on with what is there" in caplog.text


def test_what_follows_a_damaged_place_is_recovered(path, caplog):
    """Silence stands for what is lost, so that the rest keeps its time."""
    if path.suffix in (".webm", ".mkv"):
        pytest.skip("FFmpeg goes on at the next cluster, which is 5 s long")
    whole = Audio.read(path).samples
    path.write_bytes(with_a_hole(path.read_bytes()))
    assert "breaks off at 2." in refusal(path)
    found = Audio.read(path, recover=True).samples
    assert len(caplog.records) <= 2
    if path.suffix == ".aac":  # frames are found by their headers; some are not noticed to lack
        assert 0 <= whole.shape[1] - found.shape[1] <= 2 * 1024
    else:
        assert found.shape == whole.shape
        assert np.corrcoef(found[0, -48_000:], whole[0, -48_000:])[0, 1] > 0.95  # AAC adds noise


def test_a_gap_in_a_webm_is_named(tmp_path, caplog):
    path = tmp_path / "a.webm"
    write_media(path, "webm", "libopus", 48_000, tone(48_000, SECONDS))
    path.write_bytes(with_a_hole(path.read_bytes()))
    assert len(Audio.read(path)) < 48_000 * SECONDS * 0.6
    told = r"states 5\.0\d s of sound and holds \d\.\d\d s; some of it is lost"
    assert re.search(told, caplog.text)


def with_a_hole(data):
    middle = len(data) // 2
    return data[:middle] + bytes(300) + data[middle + 300 :]


def test_an_mp4_cut_before_its_index(tmp_path):
    path = tmp_path / "a.m4a"
    write_media(path, "ipod", "aac", 48_000, tone(48_000))
    data = path.read_bytes()
    for size in (len(data) // 2, data.index(b"moov") + 20):
        path.write_bytes(data[:size])
        text = f"{path} ends before its index, without which no MP4 can be read; fetch it again"
        assert refusal(path) == text


def test_a_webm_of_a_live_stream_states_no_size(tmp_path):
    path = tmp_path / "a.webm"
    write_media(path, "webm", "libopus", 48_000, tone(48_000), options={"live": "1"})
    assert len(Audio.read(path)) in range(48_000, 48_960)


def test_a_codec_that_ffmpeg_does_not_know(tmp_path):
    path = tmp_path / "a.webm"
    write_media(path, "webm", "libopus", 48_000, tone(48_000))
    path.write_bytes(path.read_bytes().replace(b"A_OPUS", b"A_SOUP"))
    assert "(FFmpeg does not know the codec of its audio track); convert it" in refusal(path)


def test_sound_that_changes_its_rate(tmp_path, caplog):
    path = tmp_path / "a.aac"
    write_media(tmp_path / "1.aac", "adts", "aac", 48_000, tone(48_000))
    write_media(tmp_path / "2.aac", "adts", "aac", 16_000, chirp(16_000, 16_000))
    path.write_bytes(b"".join((tmp_path / name).read_bytes() for name in ("1.aac", "2.aac")))
    assert (
        "(goes on with 16000 Hz and 1 channels after 48000 Hz and 1 channels); split it there"
        in refusal(path)
    )
    assert Audio.read(path, recover=True) == Audio.read(tmp_path / "1.aac")


def test_a_second_track_is_named(tmp_path, caplog):
    path = tmp_path / "a.mka"
    write_media(tmp_path / "1.mka", "matroska", "flac", 48_000, tone(48_000))
    with av.open(str(tmp_path / "1.mka")) as read, av.open(str(path), "w") as written:
        streams = [written.add_stream_from_template(read.streams.audio[0]) for _ in range(2)]
        for packet in read.demux(audio=0):
            if packet.dts is not None:
                packet.stream = streams[0]
                written.mux(packet)
    assert Audio.read(path) == Audio.read(tmp_path / "1.mka")
    assert "a.mka holds 2 audio tracks; the first is read" in caplog.text


def test_a_whole_file_warns_of_nothing(path, caplog):
    Audio.read(path)
    assert caplog.text == ""
