"""Files of any length: the same tokens and samples as in memory, in bounded memory."""

import io
import tracemalloc

import numpy as np
import pytest

from tests.codecs import tiny
from vocable.audio import Audio
from vocable.codecs import batch
from vocable.errors import TokenError
from vocable.tokens import TokenWriter, Track, read_tokens

CODEC = tiny.soundstream()


@pytest.fixture(autouse=True)
def _short_tiles(monkeypatch):
    monkeypatch.setattr(batch, "TILE", 0.05)


@pytest.mark.parametrize(
    ("rate", "channels", "options"),
    [(8000, 1, {}), (44_100, 2, {"levels": 2}), (22_050, 3, {"mix": True}), (16_000, 6, {})],
)
def test_files_hold_what_encode_and_decode_give(tmp_path, rate, channels, options):
    Audio(tiny.sound(7001, channels), rate).save(tmp_path / "in.wav")
    shares = []
    CODEC.encode_to(tmp_path / "in.wav", tmp_path / "x.vcb", progress=shares.append, **options)
    tokens = CODEC.encode(tmp_path / "in.wav", **options)
    assert read_tokens(tmp_path / "x.vcb") == tokens
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 3
    CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav", progress=shares.append)
    CODEC.decode(tokens).save(tmp_path / "whole.wav")
    again, whole = Audio.read(tmp_path / "out.wav"), Audio.read(tmp_path / "whole.wav")
    assert (again.rate, again.samples.shape) == (rate, (1 if "mix" in options else channels, 7001))
    np.testing.assert_allclose(again.samples, whole.samples, atol=2**-14)


def test_another_rate(tmp_path):
    CODEC.encode(tiny.sound(1001), rate=8000).save(tmp_path / "x.vcb")
    CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav", rate=16_000)
    assert Audio.read(tmp_path / "out.wav").samples.shape == (1, 2002)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors"])
def test_arrays_for_trainers(tmp_path, ending):
    Audio(tiny.sound(1000), 8000).save(tmp_path / "in.wav")
    CODEC.encode_to(tmp_path / "in.wav", tmp_path / f"one{ending}")
    CODEC.encode(tmp_path / "in.wav").save(tmp_path / f"two{ending}")
    assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_open_files(tmp_path):
    Audio(tiny.sound(1000), 8000).save(tmp_path / "in.wav")
    held = io.BytesIO((tmp_path / "in.wav").read_bytes())
    CODEC.encode_to(held, tmp_path / "x.vcb")
    assert read_tokens(tmp_path / "x.vcb") == CODEC.encode(tmp_path / "in.wav")


def test_tokens_without_an_end_decode_to_whole_frames(tmp_path):
    tokens = CODEC.encode(tiny.sound(1000), rate=16_000)
    with open(tmp_path / "x.vcb", "wb") as file:
        TokenWriter(file, Track.of(tokens), chunk_seconds=0).write(tokens)
    with pytest.warns(UserWarning, match="no trailer"):
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav")
    audio = Audio.read(tmp_path / "out.wav")
    assert (audio.rate, len(audio)) == (8000, 32 * 16)


def test_several_tracks_are_refused_by_name(tmp_path):
    tracks = {"user": Track(CODEC.spec), "system": Track(CODEC.spec)}
    with TokenWriter(tmp_path / "x.vcb", tracks) as file:
        file.write(CODEC.encode(tiny.sound(64), rate=8000), "user")
    with pytest.raises(TokenError, match="tracks 'user', 'system'"):
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav")


def test_memory_does_not_grow_with_the_length(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "TILE", 2)
    peaks = {}
    for seconds in (16, 16, 48):  # the first run fills caches
        Audio(tiny.sound(8000 * seconds), 8000).save(tmp_path / "in.wav", overwrite=True)
        tracemalloc.start()
        CODEC.encode_to(tmp_path / "in.wav", tmp_path / "x.vcb", overwrite=True)
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav", overwrite=True)
        peaks[seconds] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[48] - peaks[16] < 0.15 * 4 * 8000 * 32  # of the samples that came in addition
