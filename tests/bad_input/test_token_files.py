"""Token files that are damaged, cut, hostile, newer, or of another codec."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import vocable
from tests.bad_input.conftest import Refused
from tests.cli.small import save_small_codec, write_tone
from vocable.cli.group import commands
from vocable.errors import FormatError, TokenError


@pytest.fixture
def tokens(here: Path, small: Path) -> Path:
    """x.vcb of 3 s."""
    write_tone(here / "x.wav", 3.0)
    vocable.load(small).encode("x.wav").save("x.vcb")
    return here / "x.vcb"


def flipped(data: bytes) -> bytes:
    at = 2 * len(data) // 3
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def newer(data: bytes) -> bytes:
    return data[:4] + bytes([data[4] + 1]) + data[5:]


def hostile(data: bytes) -> bytes:
    """State a record of 2^60 bytes right after the preamble."""
    return data[:9] + b"\xa5\x5a\x81\x00\x00" + b"\xff" * 8 + b"\x0f" + data[30:]


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "empty|0 bytes|ends|not a token file"),
    "text": (lambda data: b"not tokens at all, but text", "token file"),
    "one bit flipped": (flipped, "byte|recover=True"),
    "bytes after the end": (lambda data: data + b"more", "byte"),
    "newer": (newer, "version"),
    "hostile": (hostile, "byte"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_token_files_are_refused_in_one_line(
    here: Path, tokens: Path, refused: Refused, name: str
) -> None:
    damage, words = BAD[name]
    tokens.write_bytes(damage(tokens.read_bytes()))
    message = refused("decode", "x.vcb", "-o", "y.wav", code=1)
    assert message.startswith("x.vcb: ")
    assert any(word in message for word in words.split("|")), message
    done = CliRunner().invoke(commands, ["info", "x.vcb"])
    assert done.exit_code in (0, 1)  # the header may be intact
    with pytest.raises(FormatError) as caught:
        vocable.read_tokens("x.vcb")
    assert "\n" not in str(caught.value)


def test_a_file_without_its_end_is_read_with_a_warning(
    here: Path, small: Path, tokens: Path
) -> None:
    tokens.write_bytes(tokens.read_bytes()[:-1])
    call = ["decode", "x.vcb", "-o", "y.wav", "--codec", str(small)]
    done = CliRunner().invoke(commands, call)
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: x.vcb: ") and done.stderr.count("\n") == 2
    with pytest.warns(UserWarning, match="x.vcb"):
        assert len(vocable.read_tokens("x.vcb")) == 75


def test_tokens_of_other_weights(here: Path, tokens: Path, small: Path) -> None:
    other = save_small_codec(here / "other", seed=1)
    refuse = Refused(here, other)
    message = refuse("decode", "x.vcb", "-o", "y.wav", code=1)
    spaces = [vocable.load(folder).spec.space for folder in (small, other)]
    assert all(space in message for space in spaces)
    with pytest.raises(TokenError, match="tokens come from"):
        vocable.load(other).decode(vocable.read_tokens("x.vcb"))


def test_tokens_of_another_codec(here: Path, tokens: Path) -> None:
    from vocable.codecs import build
    from vocable.load import save_model

    sizes = {"filters": 2, "strides": [4, 4], "latent": 8, "sizes": [16, 16]}
    save_model(build("soundstream", sizes), here / "other")
    message = Refused(here, here / "other")("decode", "x.vcb", "-o", "y.wav", code=1)
    assert "tokens come from speech@1:" in message and "soundstream" in message


def test_a_codec_folder_that_is_broken(here: Path, tokens: Path, small: Path) -> None:
    broken = save_small_codec(here / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    message = Refused(here, broken)("decode", "x.vcb", "-o", "y.wav", code=2)
    assert "model.safetensors" in message and "fetch it again" in message
