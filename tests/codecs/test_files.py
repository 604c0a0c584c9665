"""Files of any length: the same tokens and samples as in memory, in bounded memory."""

import io
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tests.codecs import tiny
from vocable.audio import Audio
from vocable.codecs import batch
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, TokenWriter, Track, read_tokens, write_tokens

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


def test_one_of_several_tracks(tmp_path):
    found = {name: CODEC.encode(tiny.sound(64, seed=k), rate=8000) for k, name in enumerate("ab")}
    write_tokens(tmp_path / "x.vcb", found)
    for name, tokens in found.items():
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav", track=name, overwrite=True)
        wanted = CODEC.decode(tokens).samples
        np.testing.assert_allclose(
            Audio.read(tmp_path / "out.wav").samples, np.clip(wanted, -1, 1), atol=2**-15
        )
    of_two = "x.vcb holds the tracks 'a', 'b', of which 2 are of .*; name one by track="
    for track, what in ((None, of_two), ("c", "x.vcb has no track 'c'; it holds 'a', 'b'")):
        with pytest.raises(TokenError, match=what):
            CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "no.wav", track=track)
    assert not (tmp_path / "no.wav").exists()


def test_the_only_track_of_a_codec_among_several(tmp_path):
    own = CODEC.encode(tiny.sound(64), rate=8000)
    other = AudioTokens(replace(own.spec, space="other@1:0123456789abcdef"), own.stacks)
    write_tokens(tmp_path / "x.vcb", {"other": other, "own": own})
    CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav")
    assert len(Audio.read(tmp_path / "out.wav")) == 64
    with pytest.raises(TokenError, match="tokens come from other@1"):
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "no.wav", track="other")
    write_tokens(tmp_path / "x.vcb", {"one": other, "two": other}, overwrite=True)
    with pytest.raises(TokenError, match="'one', 'two', of which 0 are of .*; take the codec of"):
        CODEC.decode_to(tmp_path / "x.vcb", tmp_path / "no.wav")


@pytest.mark.parametrize("ending", [".vcb", ".npz"])
def test_a_file_without_named_tracks_has_none_to_choose(tmp_path, ending):
    CODEC.encode(tiny.sound(64), rate=8000).save(tmp_path / f"x{ending}")
    with pytest.raises(TokenError, match="holds one track, which has no name; leave track out"):
        CODEC.decode_to(tmp_path / f"x{ending}", tmp_path / "no.wav", track="speaker-1")


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
