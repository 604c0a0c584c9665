"""A recording is read in whatever form other libraries hold it, or one line says what to pass."""

import array
import io
import pathlib
import tarfile
import tempfile
import types
import urllib.request
import zipfile

import numpy as np
import pytest
import soundfile
import torch

from vocable import Audio, AudioError, AudioReader, AudioWriter
from vocable.audio import as_samples, is_samples

RATE = 16_000
RAMP = np.linspace(-0.5, 0.5, 4000, dtype=np.float32)
STEREO = np.stack([RAMP, -RAMP])


@pytest.fixture(scope="module")
def data() -> bytes:
    """The bytes of a WAV file with the samples of RAMP."""
    file = io.BytesIO()
    soundfile.write(file, RAMP, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def expect(audio: Audio, samples: np.ndarray = RAMP) -> None:
    assert audio == Audio(samples, RATE)


def refusal(source, **how) -> str:
    with pytest.raises(AudioError) as caught:
        Audio.read(source, **how)
    text = str(caught.value)
    assert "\n" not in text and not text.endswith(".")
    return text


# ---- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_bytes_of_a_file(data, kind):
    expect(Audio.read(kind(data)))
    with AudioReader(kind(data)) as reader:
        assert sum(block.shape[1] for block in reader.blocks(999)) == 4000


def test_bytes_that_are_none_of_a_file():
    text = refusal(b"Dear diary, today" * 9)
    assert "audio is not a recording" in text
    assert text.endswith(
        'bare samples as an array, numpy.frombuffer(data, "int16"), with their rate'
    )
    assert "audio is empty (0 bytes)" in refusal(b"")
    assert "audio is empty (0 bytes)" in refusal(io.BytesIO())


@pytest.mark.parametrize("at", [0, 4, -1])
def test_an_open_file_is_read_whole_wherever_it_stands(data, tmp_path, at):
    (tmp_path / "a.wav").write_bytes(data)
    with open(tmp_path / "a.wav", "rb") as on_disk:
        for file in (io.BytesIO(data), on_disk):
            file.seek(at % (len(data) + 1))
            expect(Audio.read(file))
            expect(Audio.read(file))


def test_a_temporary_file_that_was_just_written(data):
    with tempfile.SpooledTemporaryFile() as spooled, tempfile.TemporaryFile() as stored:
        for file in (spooled, stored):
            file.write(data)
            expect(Audio.read(file))


@pytest.mark.parametrize("mode", ["r:", "r|"])
def test_a_member_of_a_tar_file_also_of_a_streamed_one(data, mode):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("a.wav", "b.wav"):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode=mode) as tar:
        members = [(tar.extractfile(member), member) for member in [tar.next()]]
        expect(Audio.read(members[0][0]))
        late = tar.extractfile(tar.next())
        if mode == "r|":
            while tar.next():
                pass
            assert "cannot be read (seeking backwards is not allowed)" in refusal(late)


def test_a_file_in_a_zip_archive(data, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.wav", data)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        expect(Audio.read(zipfile.Path(archive, "a.wav")))
        with archive.open("a.wav") as member:
            member.read(10)
            expect(Audio.read(member))


def test_a_file_that_was_opened_as_text(data, tmp_path):
    (tmp_path / "a.wav").write_bytes(data)
    with open(tmp_path / "a.wav") as file:
        expect(Audio.read(file))
    with tempfile.NamedTemporaryFile("w+") as file:
        file.buffer.write(data)
        expect(Audio.read(file))
    assert refusal(io.StringIO("RIFF")).startswith("audio gives str and not bytes; open it in mode")


class Stream:
    """What arrives over a network: bytes in order, in pieces of any size."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    def read(self, size=-1):
        return self.file.read(min(size, 1000))


def test_what_can_only_read_is_enough(data):
    expect(Audio.read(Stream(data)))


def test_an_answer_of_a_web_server(data, tmp_path):
    (tmp_path / "a.wav").write_bytes(data)
    with urllib.request.urlopen((tmp_path / "a.wav").as_uri()) as answer:
        expect(Audio.read(answer))
    expect(Audio.read(types.SimpleNamespace(status_code=200, content=data)))  # requests, httpx


def test_what_reads_other_things_than_bytes(tmp_path, data):
    (tmp_path / "a.wav").write_bytes(data)
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        text = refusal(file)
    assert "a.wav gives ndarray and not bytes" in text and "or (samples, rate)" in text


def test_paths_of_any_class(data, tmp_path):
    (tmp_path / "a.wav").write_bytes(data)
    like = type("Like", (), {"__fspath__": lambda self: str(tmp_path / "a.wav")})()
    for path in (str(tmp_path / "a.wav"), pathlib.Path(tmp_path / "a.wav"), like):
        expect(Audio.read(path))


@pytest.mark.parametrize("source", [None, 3, 0.5, object(), {1, 2}, iter([0.0])])
def test_what_holds_no_recording_is_told_what_does(source):
    text = refusal(source)
    assert text.startswith(f"audio is {type(source).__name__}; wanted a path, an open file")


# ---- rows, pairs and the objects of other libraries ---------------------------------------------


def test_rows_that_hold_a_file(data, tmp_path):
    (tmp_path / "a.wav").write_bytes(data)
    expect(Audio.read({"bytes": data, "path": None}))
    expect(Audio.read({"bytes": data, "path": "a.wav"}))  # where it lay once
    expect(Audio.read({"bytes": None, "path": str(tmp_path / "a.wav")}))
    with AudioReader({"bytes": data, "path": "a.wav"}) as reader:
        assert reader.name == "a.wav"


@pytest.mark.parametrize("given", [np.asarray, torch.from_numpy, np.ndarray.tolist])
@pytest.mark.parametrize("samples", [RAMP, STEREO])
def test_rows_that_hold_samples(given, samples):
    for rate in (RATE, float(RATE), np.int64(RATE), torch.tensor(RATE)):
        row = {"path": "a.wav", "array": given(samples), "sampling_rate": rate}
        expect(Audio.read(row), samples)
    expect(Audio.read({"raw": given(samples), "sampling_rate": RATE}), samples)


def test_rows_that_hold_neither(data):
    text = refusal({"text": "hello", "audio": {"bytes": data}})
    assert text.startswith("a row with the keys text, audio holds no recording; wanted bytes or")
    assert text.endswith('of a larger row, pass its part, as row["audio"]')
    assert "keys bytes, path" in refusal({"bytes": None, "path": None})
    assert "keys array holds no" in refusal({"array": RAMP})
    assert "keys none" in refusal({})


def test_pairs_of_samples_and_rate():
    for samples in (RAMP, RAMP[None], torch.from_numpy(RAMP), RAMP.tolist()):
        expect(Audio.read((samples, RATE)))
        expect(Audio.read([samples, float(RATE)]))
    expect(Audio.read((torch.from_numpy(STEREO), RATE)), STEREO)
    assert "looks like [samples, channels]; pass its transpose" in refusal((STEREO.T, RATE))


def test_pairs_of_rate_and_samples_as_scipy_and_gradio_have_them():
    whole = (RAMP * 32768).astype(np.int16)
    expect(Audio.read((RATE, whole)), whole / 32768)
    both = np.stack([whole, -whole], axis=1)
    expect(Audio.read((RATE, both)), both.T / 32768)
    expect(Audio.read((np.int64(RATE), both.T)), both.T / 32768)
    expect(Audio.read((RATE, whole[:, None])), whole / 32768)


@pytest.mark.parametrize("rate", [True, 16, 44.1, 0, -1, 16000.5, float("nan"), 2**40])
def test_a_pair_with_an_impossible_rate(rate):
    text = refusal((RAMP, rate))
    assert text.startswith("rate must be a whole number of Hz from 1000 to 768000, got ")
    assert ("kHz is" in text) == (rate in (16, 44.1))


def test_an_audio_is_read_as_itself():
    audio = Audio(RAMP, RATE)
    assert Audio.read(audio) is audio


@pytest.mark.parametrize(
    "source", [RAMP, [0.5, 0.25], (RAMP, RATE), {"array": RAMP, "sampling_rate": RATE}]
)
def test_samples_in_memory_are_not_read_in_blocks(source):
    with pytest.raises(AudioError, match=r"holds samples in memory and is not a file; Audio\(sam"):
        AudioReader(source)
    with pytest.raises(AudioError, match=r"holds samples in memory"):
        AudioReader(Audio(RAMP, RATE))


def test_one_recording_at_a_time():
    for several in (["a.wav", "b.wav"], (pathlib.Path("a.wav"),), [b"RIFF"], [{"array": RAMP}]):
        assert not is_samples(several)
        assert refusal(several).endswith("or samples with rate=; one at a time")


@pytest.mark.usefixtures("untyped")
def test_a_block_of_integers_is_refused_where_floats_are_written(tmp_path):
    whole = (RAMP * 32768).astype(np.int16)[None]
    with AudioWriter(tmp_path / "a.wav", RATE) as writer:
        with pytest.raises(AudioError, match="a.wav is int16; wanted floats within ±1, see as_sa"):
            writer.write(whole)
        writer.write(as_samples(whole))


def test_two_numbers_are_samples():
    assert is_samples([0.5, 0.25]) and is_samples((0.5, 0.25))
    assert not is_samples((RAMP, RATE)) and not is_samples(b"RIFF")
    assert is_samples(memoryview(RAMP)) and is_samples(array.array("f", [0.5]))


class TorchcodecLike:
    """An AudioDecoder: no array, no length; it gives samples with their rate when asked."""

    def get_all_samples(self):
        return types.SimpleNamespace(
            data=torch.from_numpy(STEREO), pts_seconds=0.0, sample_rate=RATE
        )

    def __getitem__(self, key):
        raise AssertionError("datasets mixes the channels here")


def test_decoders_of_torchcodec_and_what_they_give():
    expect(Audio.read(TorchcodecLike()), STEREO)
    expect(Audio.read(TorchcodecLike().get_all_samples()), STEREO)


@pytest.mark.parametrize(("code", "scale"), [("b", 2**7), ("h", 2**15), ("i", 2**31)])
def test_segments_of_pydub(code, scale):
    values = [scale // 2, -scale // 2, scale // 4, -scale, 0, scale // 8]  # of two channels
    segment = types.SimpleNamespace(
        get_array_of_samples=lambda: array.array(code, values), frame_rate=RATE, channels=2
    )
    expect(Audio.read(segment), np.array([[0.5, 0.25, 0], [-0.5, -1, 0.125]]))


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_nan_and_infinity_are_found_in_every_form(value):
    bad = RAMP.copy()
    bad[1234] = value
    file = io.BytesIO()
    soundfile.write(file, bad, RATE, format="WAV", subtype="FLOAT")
    row = {"array": bad, "sampling_rate": RATE}
    for source in (file, file.getvalue(), row, (bad, RATE), (RATE, torch.from_numpy(bad))):
        assert f"sample 1234 (0.077 s) of channel 0 is {value}" in refusal(source)


# ---- scale ---------------------------------------------------------------------------------------


def test_integers_as_floats_are_refused_with_their_divisor(tmp_path):
    loud = RAMP * 32768
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    for source in (tmp_path / "a.wav", (loud, RATE), {"array": -loud, "sampling_rate": RATE}):
        text = refusal(source)
        assert "samples reach 16384 from 0.000 s (sample 0) on, far beyond ±1; divide" in text
        assert "by 32768, or pass allow_loud=True (--allow-loud)" in text
        assert np.abs(Audio.read(source, allow_loud=True).samples).max() == 16384


def test_the_position_is_that_in_the_recording(tmp_path):
    x = np.zeros((2, 200_000), np.float32)
    x[1, 150_000:] = 20
    soundfile.write(tmp_path / "a.wav", x.T, RATE, subtype="FLOAT")
    text = refusal(tmp_path / "a.wav")
    assert "a.wav: samples reach 20 from 9.375 s (sample 150000) on" in text


def test_a_loud_mix_is_a_recording_and_stays_one():
    assert Audio(16 * np.sign(RAMP), RATE).samples.max() == 16
    loud = Audio(np.stack([20 * RAMP, 40 * RAMP]), RATE, allow_loud=True)
    assert loud.mono().samples.max() == 15
    assert loud.resample(24_000).samples.max() > 19


def test_int32_of_16_bit_values_is_refused():
    for scale in (32768, 65535):
        with pytest.raises(AudioError, match="as 16-bit values do; pass them as int16, or as floa"):
            as_samples((RAMP * scale).astype(np.int32))


def test_int32_of_24_bit_values_is_read_with_a_warning(caplog):
    whole = (RAMP * 2**23).astype(np.int32)
    np.testing.assert_allclose(as_samples(whole)[0], whole / 2**31)
    assert caplog.messages == [
        "int32 samples go up to 4194304 of 2147483648; if they are 24-bit values, shift them left "
        "by 8 bits"
    ]
    as_samples(whole << 8)
    assert len(caplog.messages) == 1


def test_int32_of_24_bits_may_be_as_quiet_as_their_noise():
    noise = np.random.default_rng(0).integers(-200, 200, 4000).astype(np.int32) * 256
    np.testing.assert_allclose(as_samples(noise)[0], noise / 2**31)
    assert not as_samples(np.zeros(9, np.int32)).any()
    assert as_samples(np.zeros((1, 0), np.int32)).shape == (1, 0)


def test_int32_at_its_own_scale_is_read():
    whole = np.array([2**30, -(2**31), 12345], np.int32)
    np.testing.assert_allclose(as_samples(whole)[0], [0.5, -1, 12345 / 2**31])


@pytest.mark.parametrize("start", [b"RIFF....WAVE", b"fLaC", b"OggS", b"ID3\x03", b"....ftypM4A "])
@pytest.mark.parametrize("given", [np.asarray, torch.from_numpy])
def test_uint8_that_is_a_file_is_refused(start, given):
    values = np.frombuffer(start + bytes(100), np.uint8).copy()
    with pytest.raises(AudioError, match=r"is a file and not samples; use Audio.read\(bytes"):
        as_samples(given(values))


@pytest.mark.parametrize("kind", ["bool", "uint16", "uint32", "int64", "complex64", "object"])
def test_types_without_a_full_scale_are_refused(kind):
    with pytest.raises(AudioError, match=f"audio of {kind} has no known full scale; pass floats"):
        as_samples(np.zeros(9, kind))


def test_samples_are_not_taken_from_what_holds_a_file(data):
    for source in (data, bytearray(data), memoryview(data), io.BytesIO(data), {"array": RAMP}):
        with pytest.raises(AudioError, match=r"must be samples, got \w+; use Audio.read for files"):
            Audio(source, RATE)


def test_a_closed_file_and_an_address(data):
    closed = io.BytesIO(data)
    closed.close()
    assert "audio cannot be read (I/O operation on closed file)" in refusal(closed)
    with pytest.raises(FileNotFoundError, match="^https://a.org/b.wav is an address; fetch it"):
        Audio.read("https://a.org/b.wav")


def test_the_rate_of_an_audio_is_not_changed_by_naming_another():
    audio = Audio(RAMP, RATE)
    assert Audio(audio, RATE) == audio
    with pytest.raises(AudioError, match=r"has 16000 Hz; resample\(24000\) changes its rate"):
        Audio(audio, 24_000)
