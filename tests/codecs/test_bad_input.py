"""Law 8: what cannot be used is refused in one line; nothing half-written, nothing lost."""

import io
import os
import sys

import numpy as np
import pytest
import torch

from tests.codecs import tiny
from vocable.audio import Audio
from vocable.codecs import batch
from vocable.errors import AudioError, TokenError
from vocable.tokens import read_tokens

CODEC = tiny.soundstream()
unix = pytest.mark.skipif(sys.platform == "win32", reason="no fork and no file size limit there")


@pytest.mark.parametrize(
    ("source", "rate", "words"),
    [
        (np.zeros(0, np.float32), 8000, "audio has 0 samples; at least 1 is needed"),
        (np.zeros(100, np.float32), None, "samples need their rate in Hz"),
        (np.zeros((100, 2), np.float32), 8000, "pass its transpose"),
        (np.zeros((2, 1, 100), np.float32), 8000, "one item of a batch at a time"),
        (np.array([0, np.nan]), 8000, r"sample 1 \(0.000 s\) of channel 0 is nan"),
        (torch.full((3,), torch.inf), 8000, "sample 0 .* is inf"),
        (Audio(np.zeros(10), 8000), 16_000, "rate is 16000 Hz but the recording says 8000 Hz"),
        (io.BytesIO(b""), None, "is empty"),
    ],
)
def test_sources_that_cannot_be_used(source, rate, words):
    with pytest.raises(AudioError, match=words) as refusal:
        CODEC.encode(source, rate=rate)
    assert "\n" not in str(refusal.value)


def test_odd_sources_that_can_be_used(tmp_path):
    silence = CODEC.decode(CODEC.encode(np.zeros((6, 500), np.float32), rate=96_000))
    assert silence.samples.shape == (6, 500)
    clipped = np.clip(4 * tiny.sound(500), -1, 1)
    assert len(CODEC.decode(CODEC.encode(clipped, rate=8000))) == 500
    assert len(CODEC.decode(CODEC.encode(np.zeros(1, np.float32), rate=192_000))) == 1


@pytest.mark.usefixtures("untyped")
def test_rates_of_both_ways_are_whole_numbers_of_hertz(tmp_path):
    tokens = CODEC.encode(tiny.sound(300), rate=16_000.0)
    assert tokens.source.rate == 16_000
    assert CODEC.decode(tokens, rate=8000.0).rate == 8000
    tokens.save(tmp_path / "in.vcb")
    refusal = "rate must be a whole number of Hz from 1000 to 768000, got"
    for rate in (0, -8000, 8000.5, "16000", True, 16, 999):
        with pytest.raises(AudioError, match=refusal):
            CODEC.encode(tiny.sound(300), rate=rate)
        with pytest.raises(AudioError, match=refusal):
            CODEC.encode(Audio(tiny.sound(300), 16_000), rate=rate)
        with pytest.raises(AudioError, match=refusal):
            CODEC.decode(tokens, rate=rate)
        with pytest.raises(AudioError, match=refusal):
            CODEC.decode_to(tmp_path / "in.vcb", tmp_path / "out.wav", rate=rate)
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.usefixtures("untyped")
def test_a_path_is_no_tokens():
    with pytest.raises(TokenError, match=r"got str; .* read them by vocable.read_tokens\(path\)"):
        CODEC.decode("speech.vcb")


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("levels", [2.0, "2"])
def test_levels_are_whole_numbers(tmp_path, levels):
    Audio(tiny.sound(300), 8000).save(tmp_path / "in.wav")
    refusal = f"levels must be a whole number, got {levels!r}; leave it out for all"
    with pytest.raises(TokenError, match=refusal):
        CODEC.encode(tmp_path / "in.wav", levels=levels)
    with pytest.raises(TokenError, match=refusal):
        CODEC.encode_to(tmp_path / "in.wav", tmp_path / "out.vcb", levels=levels)
    with pytest.raises(TokenError, match=refusal):
        CODEC.start_encoding(levels=levels)
    assert len(CODEC.encode(tmp_path / "in.wav", levels=np.int64(2)).stacks) == 2


def test_tokens_without_frames_are_refused():
    tokens = CODEC.encode(tiny.sound(100), rate=8000)
    with pytest.raises(TokenError, match="tokens have 0 frames"):
        CODEC.decode(tokens[2:2])


def paths(tmp_path):
    Audio(tiny.sound(8000), 8000).save(tmp_path / "in.wav")
    CODEC.encode(tmp_path / "in.wav").save(tmp_path / "in.vcb")
    return sorted(tmp_path.iterdir())


def jobs(tmp_path):
    return (
        (CODEC.encode_to, tmp_path / "in.wav", tmp_path / "out.vcb"),
        (CODEC.decode_to, tmp_path / "in.vcb", tmp_path / "out.wav"),
    )


def test_refusals_come_before_any_work(tmp_path):
    before = paths(tmp_path)
    for job, source, target in jobs(tmp_path):
        with pytest.raises(FileNotFoundError):
            job(tmp_path / f"missing{source.suffix}", target)
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            job(source, tmp_path / "no" / target.name)
        with pytest.raises(IsADirectoryError):
            job(tmp_path, target)
        with pytest.raises(FileExistsError, match="overwrite=True"):
            job(source, source.with_name(f"in{target.suffix}"))
    with pytest.raises(TokenError, match="levels must be one of 1, 2, 3, 4"):
        CODEC.encode_to(tmp_path / "in.wav", tmp_path / "out.vcb", levels=9)
    with pytest.raises(TokenError, match="tokens come from soundstream"):
        tiny.soundstream(1).decode_to(tmp_path / "in.vcb", tmp_path / "out.wav")
    assert sorted(tmp_path.iterdir()) == before


def test_ctrl_c_half_way_leaves_what_was_there(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "TILE", 0.1)
    before = paths(tmp_path)

    def stop(share):
        if share > 0.4:
            raise KeyboardInterrupt

    for job, source, target in jobs(tmp_path):
        with pytest.raises(KeyboardInterrupt):
            job(source, target, progress=stop)
        assert sorted(tmp_path.iterdir()) == before
        target.write_bytes(b"precious")
        with pytest.raises(KeyboardInterrupt):
            job(source, target, progress=stop, overwrite=True)
        assert target.read_bytes() == b"precious"
        target.unlink()


@unix
def test_killed_half_way_leaves_nothing_under_the_final_name(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "TILE", 0.1)
    paths(tmp_path)
    for job, source, target in jobs(tmp_path):
        child = os.fork()
        if not child:
            job(source, target, progress=lambda share: os._exit(9) if share > 0.4 else None)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert not target.exists()
        job(source, target)
        left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
        assert target.exists() and left == []
    assert read_tokens(tmp_path / "out.vcb") == read_tokens(tmp_path / "in.vcb")


@unix
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    import resource

    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a compiled file would stay
    before = paths(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for job, source, target in jobs(tmp_path):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (256, hard))
            with pytest.raises((AudioError, TokenError), match="make room and run again"):
                job(source, target)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert sorted(tmp_path.iterdir()) == before
