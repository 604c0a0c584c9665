"""Recordings that are joined in one file are all read, or refused by name."""

import io
import logging

import numpy as np
import pytest
import soundfile

from tests.audio.media import tone, write_media
from vocable import Audio, AudioError, AudioReader
from vocable.audio.fault import Fault
from vocable.audio.file_part import Part
from vocable.audio.parts_decoder import PartsDecoder

CONTAINERS = {"ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III")}
LENGTHS = (30_000, 17_001, 5_000)


def pieces(folder, ending, rates=(16_000,) * 3, channels=(1,) * 3):
    """Write noise to three files; return their bytes, and what each is read as."""
    written, read = [], []
    for number, (length, rate, count) in enumerate(zip(LENGTHS, rates, channels, strict=True)):
        noise = np.random.default_rng(number).uniform(-0.3, 0.3, (length, count))
        path = folder / f"{number}.{ending}"
        container, subtype = CONTAINERS[ending]
        soundfile.write(path, noise, rate, format=container, subtype=subtype)
        written.append(path.read_bytes())
        read.append(Audio.read(path).samples)
    return written, read


def joined(folder, ending, parts):
    path = folder / f"joined.{ending}"
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("ending", CONTAINERS)
@pytest.mark.parametrize("size", [1000, 2**16])
def test_joined_recordings_are_read_one_after_the_other(tmp_path, ending, size):
    parts, read = pieces(tmp_path, ending)
    with AudioReader(joined(tmp_path, ending, parts)) as reader:
        assert reader.samples == sum(LENGTHS)
        blocks = list(reader.blocks(size))
    assert [block.shape[1] for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    together = np.concatenate(blocks, axis=1)
    np.testing.assert_allclose(together, np.concatenate(read, axis=1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("ending", CONTAINERS)
def test_an_open_file_is_read_in_the_same_way(tmp_path, ending):
    path = joined(tmp_path, ending, pieces(tmp_path, ending)[0])
    with open(path, "rb") as file:
        assert len(Audio.read(file)) == sum(LENGTHS)


@pytest.mark.parametrize("ending", CONTAINERS)
@pytest.mark.parametrize(
    ("rates", "channels", "message"),
    [
        ((16_000, 24_000, 16_000), (1, 1, 1), "16000 Hz, 1 channel and (number 2 of 3) of 24000"),
        ((16_000, 16_000, 16_000), (2, 2, 1), "2 channels and (number 3 of 3) of 16000 Hz, 1 chan"),
    ],
)
def test_other_rates_and_channels_are_refused(tmp_path, ending, rates, channels, message):
    path = joined(tmp_path, ending, pieces(tmp_path, ending, rates, channels)[0])
    with pytest.raises(AudioError) as caught:
        Audio.read(path)
    assert message in str(caught.value) and str(caught.value).endswith("convert them first")


def test_a_chain_of_vorbis_and_opus_is_read(tmp_path):
    vorbis, opus = pieces(tmp_path, "ogg")[0], pieces(tmp_path, "opus")[0]
    assert len(Audio.read(joined(tmp_path, "ogg", [vorbis[0], opus[1]]))) == sum(LENGTHS[:2])


def test_a_chain_of_flac_in_ogg_is_read(tmp_path):
    pytest.importorskip("av")
    for number, samples in enumerate(LENGTHS):
        write_media(tmp_path / f"{number}.oga", "ogg", "flac", 16_000, tone(16_000, samples / 16e3))
    parts = [(tmp_path / f"{number}.oga").read_bytes() for number in range(3)]
    assert len(Audio.read(joined(tmp_path, "oga", parts))) == sum(LENGTHS)


def test_the_last_link_may_be_cut(tmp_path):
    parts, _ = pieces(tmp_path, "ogg")
    path = joined(tmp_path, "ogg", [*parts[:2], parts[2][:-100]])
    with pytest.raises(AudioError, match="breaks off inside a page"):
        Audio.read(path)
    assert sum(LENGTHS[:2]) <= len(Audio.read(path, recover=True)) < sum(LENGTHS)


ID3_1 = b"TAG" + bytes(125)
ID3_2 = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
_ITEM = b"\x05\0\0\0\0\0\0\0Title\0hello"
APE = [
    b"APETAGEX\xd0\x07\0\0"
    + (len(_ITEM) + 32).to_bytes(4, "little")
    + b"\1\0\0\0"
    + flags
    + bytes(8)
    for flags in (b"\0\0\0\xa0", b"\0\0\0\x80")
]


@pytest.mark.parametrize(
    "between",
    [ID3_1, ID3_2, ID3_1 + ID3_2, APE[0] + _ITEM + APE[1] + ID3_1, bytes(5000), b"lyrics " * 900],
)
def test_tags_and_rubbish_between_mp3_files_are_passed_over(tmp_path, between):
    parts, _ = pieces(tmp_path, "mp3")
    path = joined(tmp_path, "mp3", [between.join(parts), between])
    assert len(Audio.read(path)) == sum(LENGTHS)


def test_an_mp3_file_with_an_info_frame_and_one_without_are_joined(tmp_path):
    """The second does not state its length: all its frames are read, 576 samples each."""
    parts, _ = pieces(tmp_path, "mp3")
    bare = without_info(parts[1])
    path = joined(tmp_path, "mp3", [parts[0], bare])
    (tmp_path / "bare.mp3").write_bytes(bare)
    with AudioReader(path) as reader:
        assert reader.samples is None
    assert len(Audio.read(path)) == LENGTHS[0] + len(Audio.read(tmp_path / "bare.mp3"))


def test_a_second_flac_file_is_noticed(tmp_path, caplog):
    """Nothing in a FLAC file says where it ends, so the second is found after the first."""
    for samples in (30_000, 2**16, 2**17):
        soundfile.write(tmp_path / "a.flac", tone(16_000, samples / 16_000), 16_000)
        data = (tmp_path / "a.flac").read_bytes()
        (tmp_path / "a.flac").write_bytes(data + data)
        with pytest.raises(AudioError, match=f"another recording from byte {len(data)} on; split"):
            Audio.read(tmp_path / "a.flac")
        assert len(Audio.read(tmp_path / "a.flac", recover=True)) == samples
        assert "holds another recording" in caplog.text


def test_a_tag_after_a_flac_file_is_passed_over(tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(16_000), 16_000)
    whole = Audio.read(tmp_path / "a.flac")
    with open(tmp_path / "a.flac", "ab") as file:
        file.write(ID3_1)
    assert Audio.read(tmp_path / "a.flac") == whole


@pytest.mark.parametrize("ending", ["wav", "aiff", "au", "w64", "caf"])
def test_a_second_file_after_the_chunks_is_noticed(tmp_path, ending, caplog):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, tone(16_000), 16_000)
    whole, data = Audio.read(path), path.read_bytes()
    path.write_bytes(data + data)
    with pytest.raises(AudioError, match=f"holds another recording from byte {len(data)} on"):
        Audio.read(path)
    assert Audio.read(path, recover=True) == whole
    assert "which is left out" in caplog.text


def without_info(mp3: bytes) -> bytes:
    """Return an MP3 file without the frame that states its length."""
    assert b"Info" in mp3[:200] or b"Xing" in mp3[:200]
    return mp3[mp3.index(mp3[:2], 4) :]


class TestMp3ThatStatesNoLength:
    """`samples` is None, and the file is read to its end."""

    def bare(self, folder, mode="CONSTANT", seconds=4.0):
        noise = np.random.default_rng(0).uniform(-0.3, 0.3, int(44_100 * seconds))
        noise[44_100:] *= 0.01  # a variable rate begins high and goes on low, or the guess is right
        soundfile.write(folder / "a.mp3", noise, 44_100, bitrate_mode=mode)
        (folder / "bare.mp3").write_bytes(without_info((folder / "a.mp3").read_bytes()))
        return folder / "bare.mp3"

    @pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
    def test_it_is_read_to_the_end(self, tmp_path, mode):
        path = self.bare(tmp_path, mode)
        frames = soundfile.info(tmp_path / "a.mp3").frames
        with AudioReader(path) as reader:
            assert reader.samples is None
            read = np.concatenate(list(reader.blocks(10_000)), axis=1)
        assert frames <= read.shape[1] <= frames + 3 * 1152 and read.shape[1] % 1152 == 0
        # What an Info frame also states: the encoder's delay, 576 or 1105 samples with decoding.
        whole = Audio.read(tmp_path / "a.mp3").samples
        delay = int(np.argmax(np.correlate(read[0, :20_000], whole[0, :15_000], "valid")))
        assert delay == 1105
        np.testing.assert_allclose(read[:, delay:][:, :frames], whole, atol=1e-5)

    def test_no_warning_is_given(self, tmp_path, caplog):
        Audio.read(self.bare(tmp_path))
        assert not caplog.records

    @pytest.mark.parametrize("after", [ID3_1, APE[0] + _ITEM + APE[1], ID3_2])
    def test_tags_at_the_end_are_passed_over(self, tmp_path, after, caplog):
        path = self.bare(tmp_path)
        whole = Audio.read(path)
        path.write_bytes(path.read_bytes() + after)
        assert Audio.read(path) == whole
        assert not caplog.records

    def test_part_of_a_frame_at_the_end_is_named(self, tmp_path, caplog):
        path = self.bare(tmp_path)
        whole = Audio.read(path)
        path.write_bytes(path.read_bytes()[:-100])
        assert len(Audio.read(path)) == len(whole) - 1152
        assert "bare.mp3 ends with what is not a whole frame, and left out" in caplog.text

    def test_part_of_a_frame_at_the_beginning_is_passed_over(self, tmp_path):
        """As in recordings of radio. libsndfile knows it by the ending of its name."""
        path = self.bare(tmp_path)
        whole = Audio.read(path)
        path.write_bytes(path.read_bytes()[100:])
        assert len(Audio.read(path)) == len(whole) - 1152

    def test_frames_of_another_kind_are_noticed(self, tmp_path):
        path = self.bare(tmp_path)
        whole = len(Audio.read(path))
        soundfile.write(tmp_path / "b.mp3", tone(16_000), 16_000)
        path.write_bytes(path.read_bytes() + without_info((tmp_path / "b.mp3").read_bytes()))
        with pytest.raises(AudioError, match=r"at 4\.\d+ s \(the rate or the number of channels"):
            Audio.read(path)
        assert len(Audio.read(path, recover=True)) == whole

    @pytest.mark.parametrize("name", ["a.mp3", "bare.mp3"])
    def test_damage_is_passed_over_with_recover(self, tmp_path, name, caplog):
        self.bare(tmp_path)
        path = tmp_path / name
        whole = Audio.read(path)
        data = bytearray(path.read_bytes())
        data[20_000:24_000] = bytes(4000)
        path.write_bytes(data)
        with pytest.raises(AudioError, match="breaks off at"):
            Audio.read(path)
        assert len(whole) * 0.8 < len(Audio.read(path, recover=True)) < len(whole)
        assert f"{name} is damaged before byte" in caplog.text

    def test_fraunhofers_header_is_not_sound(self, tmp_path):
        path = self.bare(tmp_path)
        whole, data = Audio.read(path), path.read_bytes()
        size = data.index(data[:2], 4)
        header = bytearray(size)
        header[:4], header[36:40] = data[:4], b"VBRI"
        path.write_bytes(bytes(header) + data)
        assert len(Audio.read(path)) == len(whole)

    def test_mp3_in_wav(self, tmp_path):
        path = self.bare(tmp_path)
        data, whole = path.read_bytes(), Audio.read(path)
        form = bytes.fromhex(
            "5500 0100 44ac0000 401f0000 0100 0000 0c00 0100 02000000 a201 0100 7105"
        )
        chunks = b"WAVEfmt " + len(form).to_bytes(4, "little") + form
        chunks += b"data" + len(data).to_bytes(4, "little") + data
        wav = b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
        (tmp_path / "a.wav").write_bytes(wav)
        assert Audio.read(tmp_path / "a.wav") == whole


def test_recovery_is_silent_about_files_that_are_whole(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        for ending in CONTAINERS:
            for part in (tmp_path / f"{n}.{ending}" for n in range(3)):
                pieces(tmp_path, ending)
                Audio.read(part, recover=True)
    assert not caplog.records


def test_a_fault_behind_which_a_decoder_goes_on_is_raised_once(monkeypatch):
    sound = np.full((1, 100), 0.5, np.float32)

    class Goes:
        """Decodes 100 samples, then a packet that is damaged, then 100 samples."""

        rate, channels, samples = 16_000, 1, None

        def __init__(self, *_):
            self.blocks = iter([sound, Fault("a packet", goes_on=True), sound])

        def read(self, samples):
            block = next(self.blocks, sound[:, :0])
            if isinstance(block, Fault):
                raise block
            return block

        def close(self):
            pass

    monkeypatch.setattr("vocable.audio.parts_decoder.open_decoder", Goes)
    decoder = PartsDecoder(io.BytesIO(bytes(9)), (Part(0, 9),), "a.wav", recover=True)
    assert decoder.read(1000).shape == (1, 100)
    with pytest.raises(Fault, match="a packet"):
        decoder.read(1000)
    assert decoder.read(1000).shape == (1, 100)
