"""Outputs that cannot be written: nothing incomplete stays, and no existing file is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import vocable
from tests.bad_input.conftest import Refused, contents
from tests.cli.small import write_tone
from vocable.cli.group import commands
from vocable.errors import VocableError

posix = pytest.mark.skipif(os.name == "nt", reason="limits and signals differ on Windows")
MAIN = "from vocable.cli import main; main()"


@pytest.fixture
def speech(here: Path) -> Path:
    return write_tone(here / "x.wav", 4.0)


def test_an_output_that_exists(here: Path, speech: Path, refused: Refused, small: Path) -> None:
    (here / "x.vcb").write_bytes(b"mine")
    assert refused("encode", "x.wav", code=2) == (
        "x.vcb exists already; --force replaces, -o writes elsewhere"
    )
    codec = vocable.load(small)
    with pytest.raises(FileExistsError, match=r"x\.vcb"):
        codec.encode("x.wav").save("x.vcb")
    with pytest.raises(FileExistsError, match=r"x\.vcb"):
        codec.encode_to("x.wav", "x.vcb")
    assert (here / "x.vcb").read_bytes() == b"mine"


def test_an_output_that_is_the_input(speech: Path, refused: Refused) -> None:
    assert "both input and output" in refused("encode", "x.wav", "-o", "x.wav", "--force", code=2)


def test_a_folder_that_is_missing(speech: Path, refused: Refused, small: Path) -> None:
    message = refused("encode", "x.wav", "-o", "no/x.vcb", code=2)
    assert message == "no/x.vcb: the folder no does not exist; create it or change -o"
    with pytest.raises(FileNotFoundError, match="no"):
        vocable.load(small).encode_to("x.wav", "no/x.vcb")


def test_an_ending_that_cannot_be_written(speech: Path, refused: Refused, small: Path) -> None:
    vocable.load(small).encode("x.wav").save("x.vcb")
    message = refused("decode", "x.vcb", "-o", "y.doc", code=2)
    assert ".doc" in message and ".wav" in message


@posix
@pytest.mark.parametrize(
    ("args", "limit"), [(["encode", "x.wav", "-o", "y.vcb"], 200), (["decode", "x.vcb"], 20_000)]
)
def test_a_disk_that_is_full(
    here: Path, speech: Path, small: Path, args: list[str], limit: int
) -> None:
    """A limit on the size of files makes a write fail half-way, as a full disk does."""
    vocable.load(small).encode("x.wav").save("x.vcb")
    (here / "y.wav").write_bytes(b"mine")
    out = [] if "-o" in args else ["-o", "y.wav", "--force"]
    before = contents(here)
    code = (
        "import resource, signal\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + MAIN
    )
    # -B: or Python, too, would leave half of its compiled files in the source's folders.
    line = [sys.executable, "-B", "-c", code, *args, *out, "--codec", str(small)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "make room and run again" in done.stderr
    assert contents(here) == before


@posix
def test_a_full_disk_raises_a_typed_error(here: Path, small: Path) -> None:
    """/dev/full fails as a full disk does."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    write_tone(here / "x.wav", 1.0)
    with pytest.raises((VocableError, OSError)) as caught:
        vocable.load(small).encode_to("x.wav", "/dev/full", overwrite=True)
    assert "\n" not in str(caught.value)


SLOW = """
import os, time
from vocable.codecs import batch
once = batch.code_blocks
def slow(*args):
    for codes in once(*args):
        yield codes
        print("begun", flush=True)
        time.sleep(60)
batch.code_blocks = slow
"""


@posix
@pytest.mark.parametrize(
    "signal_number",  # what Ctrl-C says: tests/cli/test_group.py
    [signal.SIGKILL, signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
)
def test_killed_half_way(
    here: Path, speech: Path, small: Path, signal_number: signal.Signals
) -> None:
    (here / "x.vcb").write_bytes(b"mine")
    before = contents(here)
    args = ["encode", "x.wav", "--force", "--codec", str(small)]
    line = [sys.executable, "-c", SLOW + MAIN, *args]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal_number)
    message = process.communicate(timeout=60)[1]
    assert (here / "x.vcb").read_bytes() == b"mine"
    if signal_number != signal.SIGKILL:
        wanted = (130, "stopped") if signal_number == signal.SIGINT else (143, "")
        assert (process.returncode, message.strip()) == wanted
        assert contents(here) == before
    # The next run does the work and removes what the killed one left.
    done = CliRunner().invoke(commands, args)
    assert done.exit_code == 0, done.output
    assert {path.name for path in here.iterdir()} == {"x.wav", "x.vcb"}
    assert vocable.read_tokens("x.vcb") == vocable.load(small).encode("x.wav")
