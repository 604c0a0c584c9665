"""`encode` and `encode_to` take what `Audio.read` takes, and look at the scale of it."""

import io

import numpy as np
import pytest
import soundfile
import torch

from tests.codecs import tiny
from vocable import Audio, AudioError, TokenError
from vocable.codecs.live import LiveEncoder
from vocable.tokens import read_tokens

CODEC = tiny.soundstream()
RATE = 8000
SOUND = tiny.sound(1000)[0]
TOKENS = CODEC.encode(SOUND, rate=RATE)


def wav(samples=SOUND) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


SOURCES = {
    "bytes": wav(),
    "bytearray": bytearray(wav()),
    "memoryview": memoryview(wav()),
    "file": io.BytesIO(wav()),
    "row of bytes": {"bytes": wav(), "path": None},
    "row of samples": {"array": SOUND, "sampling_rate": RATE, "path": "a.wav"},
    "samples, rate": (torch.from_numpy(SOUND)[None], RATE),
    "rate, samples": (RATE, SOUND[:, None]),
    "Audio": Audio(SOUND, RATE),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_form_of_one_recording_gives_the_same_tokens(source):
    assert CODEC.encode(source) == TOKENS
    assert CODEC.encode(source, rate=RATE) == TOKENS
    with pytest.raises(AudioError, match="rate is 16000 Hz but the recording says 8000 Hz"):
        CODEC.encode(source, rate=16_000)


def test_samples_without_a_rate_need_one():
    for source in (SOUND, SOUND.tolist(), memoryview(SOUND), torch.from_numpy(SOUND)):
        assert CODEC.encode(source, rate=RATE) == TOKENS
        with pytest.raises(AudioError, match="samples need their rate in Hz; pass rate=16000"):
            CODEC.encode(source)


@pytest.mark.parametrize("name", ["bytes", "memoryview", "file", "row of bytes"])
def test_every_form_of_a_file_becomes_a_file_of_tokens(tmp_path, name):
    CODEC.encode_to(SOURCES[name], tmp_path / "a.vcb")
    assert read_tokens(tmp_path / "a.vcb") == TOKENS


@pytest.mark.parametrize("name", ["row of samples", "samples, rate", "Audio"])
def test_what_is_no_file_is_told_where_to_go(tmp_path, name):
    with pytest.raises(AudioError, match="holds samples in memory and is not a file; .* codec.enc"):
        CODEC.encode_to(SOURCES[name], tmp_path / "a.vcb")
    assert not any(tmp_path.iterdir())


def test_samples_at_integer_scale_are_refused_everywhere_unless_allowed(tmp_path):
    loud = np.round(SOUND * 32768).astype(np.float32)
    for source in (loud, wav(loud), {"array": loud, "sampling_rate": RATE}):
        with pytest.raises(AudioError, match="far beyond ±1; divide 16-bit values by 32768"):
            CODEC.encode(source, rate=RATE)
    with pytest.raises(AudioError, match="audio: samples reach .* far beyond ±1"):
        CODEC.encode_to(wav(loud), tmp_path / "a.vcb")
    with pytest.raises(AudioError, match="the stream: samples reach .* far beyond ±1"):
        LiveEncoder(CODEC).push(loud[None])
    assert not any(tmp_path.iterdir())

    allowed = CODEC.encode(loud, rate=RATE, allow_loud=True)
    assert allowed == CODEC.encode_batch([loud], rate=RATE, allow_loud=True)[0]
    assert allowed == CODEC.encode(Audio(loud, RATE, allow_loud=True))
    CODEC.encode_to(wav(loud), tmp_path / "a.vcb", allow_loud=True)
    assert read_tokens(tmp_path / "a.vcb") == allowed
    live = LiveEncoder(CODEC, allow_loud=True)
    pieces = [*live.push(loud[None]), *live.finish()]
    assert np.array_equal(np.concatenate([p.codes for p in pieces], 2), allowed.codes)


def test_what_a_decoder_gives_may_be_of_any_level():
    codec = tiny.soundstream()
    with torch.no_grad():
        for weight in list(codec.model.decoder.parameters())[-2:]:
            weight.mul_(1e4)
    assert np.abs(codec.decode(codec.encode(SOUND, rate=RATE)).samples).max() > 16


@pytest.mark.parametrize("ending", [".vcb", ".npy", ".npz", ".safetensors"])
def test_the_same_recording_codec_and_options_give_the_same_bytes(tmp_path, ending):
    for name, source in {"a": wav(), "b": io.BytesIO(wav()), "c": {"bytes": wav()}}.items():
        CODEC.encode_to(source, tmp_path / (name + ending))
        CODEC.encode(source).save(tmp_path / f"{name}-whole{ending}")
    for names in (("a", "b", "c"), ("a-whole", "b-whole", "c-whole")):
        assert len({(tmp_path / (name + ending)).read_bytes() for name in names}) == 1
    CODEC.encode_to(wav(), tmp_path / f"fewer{ending}", levels=2)
    assert (tmp_path / f"fewer{ending}").read_bytes() != (tmp_path / f"a{ending}").read_bytes()
    assert read_tokens(tmp_path / f"a{ending}") == TOKENS


def test_an_unknown_ending_is_refused_before_any_work(tmp_path):
    with pytest.raises(TokenError, match=r"a\.json: its ending must be one of \.npy \.npz"):
        CODEC.encode_to(wav(), tmp_path / "a.json", progress=lambda share: 1 / 0)
    assert not any(tmp_path.iterdir())


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("name", ["bytes", "row of bytes", "Audio", "path"])
def test_one_recording_is_no_batch(name):
    source = SOURCES.get(name, "a.wav")
    with pytest.raises(AudioError, match=r"encode_batch takes a list, got one \w+; encode"):
        CODEC.encode_batch(source)
    with pytest.raises(TokenError, match="decode_batch takes a list, got one AudioTokens; decode"):
        CODEC.decode_batch(TOKENS)


@pytest.mark.usefixtures("untyped")
def test_a_stream_of_integers_is_refused():
    with pytest.raises(AudioError, match="the stream is int16; wanted floats within ±1"):
        LiveEncoder(CODEC).push(np.zeros((1, 9), np.int16))
