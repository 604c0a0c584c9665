"""Pipes and devices as input and output of the commands."""

import os
import threading
from pathlib import Path

import pytest
import soundfile

from tests.cli.calls import call, called, results


def test_pipes_from_end_to_end(here: Path, small: Path, speech: Path) -> None:
    encoded = called("encode", "-", "--codec", small, stdin=speech.read_bytes())
    assert encoded.returncode == 0, encoded.stderr
    assert b"stdin  1.0 s -> stdout" in encoded.stderr
    decoded = called("decode", "-", "--codec", small, stdin=encoded.stdout)
    assert decoded.returncode == 0, decoded.stderr
    Path("y.wav").write_bytes(decoded.stdout)
    assert soundfile.info("y.wav").frames == 16_000


@pytest.mark.skipif(os.name == "nt", reason="no named pipes on Windows")
@pytest.mark.parametrize("command", ["encode", "decode", "info", "roundtrip"])
def test_named_pipes_are_read_once(here: Path, small: Path, speech: Path, command: str) -> None:
    call("encode", "speech.wav", "--codec", small)
    content = Path("speech.vcb" if command == "decode" else "speech.wav").read_bytes()
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(content,), daemon=True)
    writer.start()
    more = [] if command == "info" else ["--codec", small, "-o", here / f"y.{command[:1]}.wav"]
    if command == "encode":
        more[-1] = here / "y.vcb"
    (facts,) = results(command, "pipe", *more)
    assert facts["input"] == "pipe" and facts["samples"] == 16_000
    writer.join(timeout=10)


def test_a_stream_that_breaks_off_is_warned_of_once_by_its_name(
    here: Path, small: Path, speech: Path
) -> None:
    call("encode", "speech.wav", "--codec", small)
    cut = Path("speech.vcb").read_bytes()[:-1]
    Path("cut.vcb").write_bytes(cut)
    for name, stdin in (("cut.vcb", None), ("-", cut)):
        options = ["-o", "y.wav", "--force", "--codec", small]
        stderr = call("decode", name, *options, stdin=stdin).stderr.splitlines()
        assert len(stderr) == 2
        assert stderr[0].startswith(f"warning: {name.replace('-', 'stdin')}: no trailer")
    bad = call("decode", "-", "-o", "z.wav", "--codec", small, stdin=b"text", code=1)
    assert bad.stderr.startswith("error: stdin: this is not a token file")


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_the_output_may_be_a_device(here: Path, small: Path, speech: Path) -> None:
    (facts,) = results("encode", "speech.wav", "-o", "/dev/null", "--codec", small)
    assert facts["output"] == "/dev/null" and facts["frames"] == 25
