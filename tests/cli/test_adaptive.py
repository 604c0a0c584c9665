"""`vocable encode --adaptive`: what it writes, how that is described, what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone
from vocable.codecs import AdaptiveRate
from vocable.load import save_model
from vocable.testing.tiny_codecs import TINY, TinyConfig


@pytest.fixture
def pause(here: Path) -> Path:
    """A tone of 1 s and 2 s of nothing."""
    tone, rate = soundfile.read(write_tone(here / "tone.wav", 1.0))
    soundfile.write("pause.wav", np.concatenate([tone, np.zeros(2 * rate)]), rate)
    return Path("pause.wav")


def test_the_command_does_what_python_does(small: Path, pause: Path) -> None:
    call("encode", pause, "--codec", small, "--adaptive", 0.5, "--levels", 3)
    codec = vocable.load(small)
    tokens = AdaptiveRate(codec, 0.5, levels=3).encode(pause)
    assert vocable.read_tokens("pause.vcb") == tokens and len(tokens.durations) < tokens.frames
    call("decode", "pause.vcb", "-o", "again.wav", "--codec", small)
    codec.decode(tokens).save("python.wav")
    assert Path("again.wav").read_bytes() == Path("python.wav").read_bytes()
    call("encode", pause, "-o", "pause.npz", "--codec", small, "--adaptive", 0.5, "--levels", 3)
    assert vocable.read_tokens("pause.npz") == tokens


def test_units_have_an_adaptive_rate_too(pause: Path) -> None:
    call("encode", pause, "--codec", "units-16k", "--adaptive", 0.5)
    wanted = AdaptiveRate(vocable.load("units-16k"), 0.5).encode(pause)
    assert vocable.read_tokens("pause.vcb") == wanted


def test_the_rate_of_tokens_is_said_beside_that_of_frames(small: Path, pause: Path) -> None:
    (facts,) = results("encode", pause, "--codec", small, "--adaptive", 0.5)
    tokens = vocable.read_tokens("pause.vcb")
    count = len(tokens.durations)
    assert facts["tokens"] == count and facts["frames"] == 75 and facts["frames_per_second"] == 25
    assert facts["tokens_per_second"] == pytest.approx(count / 3)
    assert facts["bits_per_second"] == pytest.approx(float(tokens.bitrate))
    printed = call("info", "pause.vcb").stdout
    assert (
        f"durations          {count} tokens a level, {count / 3:.2f} tokens/s of 25 fr" in printed
    )
    call("encode", pause, "--codec", small, "--force")
    assert "durations" not in call("info", "pause.vcb").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--adaptive", "-0.5"], "'--adaptive': -0.5 is not in the range"),
        (["--adaptive", "nan"], "'--adaptive': nan is not a finite number"),
        (["--adaptive", "inf"], "'--adaptive': inf is not a finite number"),
        (["--adaptive", "1e7"], "price of a bit must be a number from 0 to 1e+06, got 10000000.0"),
        (["--adaptive", "1", "--levels", "1"], "--levels must be one of 2, 3, 4"),
        (["--adaptive", "1", "--lm", "x"], "--adaptive goes with neither --lm nor --speakers"),
        (["--adaptive", "1", "--codec", "units-16k+speech-16k"], "--adaptive is of one codec"),
        (["--adaptive", "1", "--codec", "rates"], "has levels of strides 4, 2, 1; an adaptive"),
    ],
)
def test_refused_before_work(
    here: Path, small: Path, speech: Path, args: list[str], words: str
) -> None:
    save_model(TINY["three-rates"](TinyConfig()), "rates")
    codec = [] if "--codec" in args else ["--codec", str(small)]
    done = call("encode", "speech.wav", *args, *codec, code=2)
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert not Path("speech.vcb").exists()


def test_two_channels_are_refused_unless_mixed(here: Path, small: Path) -> None:
    write_tone(here / "both.wav", channels=2)
    done = call("encode", "both.wav", "--codec", small, "--adaptive", 1, code=1)
    assert "both.wav: the recording has 2 channels" in done.stderr and "--mix" in done.stderr
    call("encode", "both.wav", "--codec", small, "--adaptive", 1, "--mix")
    assert vocable.read_tokens("both.vcb").source.channels == 1
