"""`vocable encode --beam`: what Python does, and what it refuses."""

from pathlib import Path

import pytest

import vocable
from tests.cli.calls import call


def test_the_command_does_what_python_does(small: Path, speech: Path) -> None:
    call("encode", speech, "--codec", small, "--beam", 3)
    codec = vocable.load(small)
    tokens = vocable.read_tokens("speech.vcb")
    assert tokens == codec.with_beam(3).encode(speech) and tokens != codec.encode(speech)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--beam", "0"], "'--beam': 0 is not in the range"),
        (["--beam", "2", "--codec", "units-16k"], "--beam: units-16k has no residual levels"),
        (["--beam", "2", "--codec", "units-16k+speech-16k"], "--beam is of one codec"),
    ],
)
def test_refused_before_work(speech: Path, args: list[str], words: str) -> None:
    done = call("encode", speech, *args, code=2)
    assert words in done.stderr and not Path("speech.vcb").exists()
