"""Samples at integer scale are refused in one line by every command that encodes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call
from tests.cli.small import RATE, tone

LINE = "far beyond ±1; divide 16-bit values by 32768, or pass allow_loud=True (--allow-loud)"


@pytest.fixture
def loud(here: Path) -> Path:
    samples = np.round(tone(1.0) * 32768).astype(np.float32)
    soundfile.write(here / "loud.wav", samples, RATE, subtype="FLOAT")
    return here / "loud.wav"


def test_encode_and_roundtrip(loud: Path, small: Path) -> None:
    for command in (["encode", "loud.wav"], ["roundtrip", "loud.wav", "-o", "y.wav"]):
        done = call(*command, "--codec", small, code=1)
        assert LINE in done.stderr
        assert [path.name for path in loud.parent.iterdir()] == ["loud.wav"]
        call(*command, "--codec", small, "--allow-loud", "--quiet")
        (loud.parent / "loud.vcb").unlink(missing_ok=True)


def test_a_stream(loud: Path, small: Path) -> None:
    sent = np.round(tone(1.0) * 32768).astype("<f4").tobytes()
    how = ["stream", "encode", "--format", "f32le", "--codec", small]
    assert LINE in call(*how, stdin=sent, code=1).stderr
    Path("x.vcb").write_bytes(call(*how, "--allow-loud", stdin=sent).stdout_bytes)
    codec = vocable.load(small)
    assert vocable.read_tokens("x.vcb") == codec.encode("loud.wav", allow_loud=True)
