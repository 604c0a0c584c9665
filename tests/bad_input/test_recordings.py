"""Recordings that cannot be used, and unusual ones that can: in commands and in Python."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import vocable
from tests.bad_input.conftest import Refused
from tests.cli.small import RATE, tone, write_tone
from vocable.cli.group import commands
from vocable.errors import AudioError


def empty(path: Path) -> None:
    path.write_bytes(b"")


def only_header(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 1)), RATE, subtype="PCM_16")


def text(path: Path) -> None:
    path.write_text("It was a dark and stormy night.\n" * 100)


def truncated(path: Path) -> None:
    write_tone(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def not_finite(value: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        samples = tone(1.0)
        samples[4000] = value
        soundfile.write(path, samples, RATE, subtype="FLOAT")

    return write


BAD = {
    "empty": (empty, r"is empty \(0 bytes\); record or fetch it again"),
    "only a header": (only_header, "no samples"),
    "text": (text, "is not WAV, FLAC, OGG, Opus or MP3|is not a recording"),
    "truncated": (truncated, r"ends after 0\.\d+ s of 1\.00 s.*recover=True"),
    "NaN": (not_finite(np.nan), r"sample 4000 \(0\.250 s\) of channel 0 is nan"),
    "infinite": (not_finite(-np.inf), r"sample 4000 \(0\.250 s\) of channel 0 is -inf"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_recordings_are_refused_in_one_line(here: Path, refused: Refused, name: str) -> None:
    write, words = BAD[name]
    write(here / "x.wav")
    message = refused("encode", "x.wav", code=1)
    assert "x.wav" in message
    assert re.search(words, message), message


@pytest.mark.parametrize("name", BAD)
def test_bad_recordings_are_refused_in_python(here: Path, small: Path, name: str) -> None:
    BAD[name][0](here / "x.wav")
    with pytest.raises(AudioError, match=r"x\.wav") as caught:
        vocable.load(small).encode("x.wav")
    assert "\n" not in str(caught.value)


def test_a_missing_file(refused: Refused, small: Path) -> None:
    assert refused("encode", "gone.wav", code=2) == "no such file: gone.wav"
    with pytest.raises(FileNotFoundError, match="gone.wav"):
        vocable.load(small).encode("gone.wav")


def test_a_directory(here: Path, refused: Refused, small: Path) -> None:
    (here / "talks").mkdir()
    assert "-o FOLDER" in refused("encode", "talks", code=2)
    assert "is a folder" in refused("roundtrip", "talks", "-o", "x.wav", code=2)
    with pytest.raises(IsADirectoryError, match="talks"):
        vocable.load(small).encode("talks")


UNUSUAL = {
    "one sample": (tone(1 / RATE), RATE),
    "half a frame": (tone(0.02), RATE),
    "silence": (np.zeros((RATE, 1), np.float32), RATE),
    "clipped": (np.clip(4 * tone(1.0), -1, 1), RATE),
    "8 kHz": (tone(1.0, 8000), 8000),
    "96 kHz": (tone(1.0, 96_000), 96_000),
    "stereo": (tone(1.0, channels=2), RATE),
    "six channels": (tone(0.7, 44_100, channels=6), 44_100),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_recordings_keep_their_length(here: Path, small: Path, name: str) -> None:
    samples, rate = UNUSUAL[name]
    soundfile.write(here / "x.wav", samples, rate, subtype="PCM_16")
    for args in (["encode", "x.wav"], ["decode", "x.vcb", "-o", "y.wav"]):
        done = CliRunner().invoke(commands, [*args, "--codec", str(small)])
        assert done.exit_code == 0, done.output
    back, back_rate = soundfile.read(here / "y.wav", always_2d=True)
    assert (back.shape, back_rate) == (samples.shape, rate)
    assert np.isfinite(back).all()
    # The same in Python.
    codec = vocable.load(small)
    assert codec.encode("x.wav") == vocable.read_tokens("x.vcb")
    assert codec.decode(vocable.read_tokens("x.vcb")).samples.shape == samples.T.shape


def test_one_bad_input_does_not_stop_the_others(here: Path, small: Path) -> None:
    for name in ("a.wav", "c.wav"):
        write_tone(here / name)
    text(here / "b.wav")
    call = ["encode", "a.wav", "b.wav", "c.wav", "--codec", str(small)]
    done = CliRunner().invoke(commands, call)
    assert done.exit_code == 1
    assert {path.name for path in here.glob("*.vcb")} == {"a.vcb", "c.vcb"}
    assert "2 done, 1 failed" in done.stderr.splitlines()[-1]
