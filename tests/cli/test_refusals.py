"""What `vocable encode` and `decode` refuse, before work and in it, and whom they do not trust."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["encode", "speech.wav", "--codec", "gone"], 'no model named "gone"'),
        (["encode", "speech.wav", "--levels", "1"], "--levels must be one of 2, 3, 4"),
        (["encode", "speech.wav", "-o", "-", "--json"], "--json writes to stdout"),
        (["encode", "speech.wav", "-o", "x.wav"], "x.wav: its ending must be one of .vcb"),
        (["encode", "speech.wav", "--device", "cuda:99"], "cuda"),
        (["encode", "speech.wav", "--threads", "100000"], "'--threads': 100000 is not in"),
        (["decode", "speech.wav", "-o", "y.wav", "--rate", "1"], "'--rate': 1 is not in"),
        (["decode", "speech.wav", "-o", "y.wav", "--rate", "99999999999"], "768000"),
    ],
)
def test_refused_before_work(
    here: Path, small: Path, speech: Path, args: list[str], words: str
) -> None:
    codec = [] if "--codec" in args else ["--codec", str(small)]
    done = call(*args, *codec, code=2)
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["speech.wav"]


def test_a_wrong_device_is_refused_before_work(here: Path, small: Path, speech: Path) -> None:
    call("encode", "speech.wav", "--codec", small)
    done = call("decode", "speech.vcb", "-o", "y.wav", "--device", "abacus", code=2)
    assert "--device abacus cannot be used here" in done.stderr and done.stderr.count("\n") == 1


def test_an_array_of_other_origin_is_not_decoded(here: Path, small: Path) -> None:
    np.save("plain.npy", np.zeros((1, 4, 9), int))
    said = call("decode", "plain.npy", "--codec", small, code=1).stderr
    assert "one array and no spec; encode the recording again, or make AudioTokens(" in said
    assert said.count("again") == 1


def test_a_token_file_is_not_a_recording(here: Path, small: Path, speech: Path) -> None:
    call("encode", "speech.wav", "--codec", small)
    Path("tokens.wav").write_bytes(Path("speech.vcb").read_bytes())
    np.save("array.npy", np.zeros(9))
    for name in ("speech.vcb", "tokens.wav", "-"):
        stdin = Path("speech.vcb").read_bytes()
        said = call("encode", name, "-o", "x.vcb", "--codec", small, code=1, stdin=stdin).stderr
        assert "is a token file, not a recording; `vocable decode`" in said
    said = call("encode", "array.npy", "-o", "x.vcb", "--codec", small, code=1).stderr
    assert "array.npy is an array of NumPy, not a recording; pass samples by numpy.load" in said


def test_messages_name_repairs_that_a_shell_user_can_do(
    here: Path, small: Path, speech: Path
) -> None:
    whole = results("encode", "speech.wav", "--codec", small)[0]["bytes"]
    data = bytearray(Path("speech.vcb").read_bytes())
    data[2 * whole // 3] ^= 0x10
    Path("bad.vcb").write_bytes(data)
    whole_file = call("decode", "bad.vcb", "-o", "y.wav", "--codec", small, code=1)
    assert "vocable.read_tokens(PATH, recover=True)" in whole_file.stderr
    live = call("stream", "encode", "--codec", small, stdin=bytes(32_000)).stdout_bytes
    live = live[: len(live) // 2] + live[len(live) // 2 + 1 :]  # a byte is lost
    streamed = call("stream", "decode", "--codec", small, stdin=live, code=1)
    assert "--conceal goes on over gaps" in streamed.stderr
    call("stream", "decode", "--conceal", "--codec", small, stdin=live)
    done = call("stream", "encode", "--codec", small, stdin=b"", code=1)
    Path("none.vcb").write_bytes(done.stdout_bytes)
    none = call("decode", "none.vcb", "-o", "y.wav", "--codec", small, code=1)
    assert "none.vcb has 0 frames, so no sound; encode the recording again" in none.stderr


def test_a_bug_in_one_file_does_not_stop_the_others(
    here: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vocable.codecs import Codec

    for name in ("a.wav", "b.wav"):
        write_tone(here / name, 0.2)
    original = Codec.encode_to

    def encode_to(codec: Codec, source: str, *rest: object, **more: object) -> None:
        if source == "a.wav":
            raise KeyError("oops")
        original(codec, source, *rest, **more)

    monkeypatch.setattr(Codec, "encode_to", encode_to)
    done = call("encode", "a.wav", "b.wav", "--codec", small, code=1)
    assert done.stderr.startswith("error: a.wav: this is a bug in vocable: KeyError: 'oops'")
    assert Path("b.vcb").exists() and not Path("a.vcb").exists()


@pytest.mark.parametrize("name", ["small", "../p/small", "/small", "owner/small"])
def test_tokens_cannot_choose_a_folder_or_a_repository(
    here: Path, small: Path, speech: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A token file may come from anyone, so only models of the package are opened by its name."""
    folder = shutil.copytree(small, here / "p" / "small")
    shutil.copytree(small, here / "small")
    (here / "q").mkdir()
    tokens = vocable.load(small).encode("speech.wav")
    name = str(folder) if name == "/small" else name
    space = f"{name}@{tokens.spec.space.partition('@')[2]}"
    dataclasses.replace(tokens, spec=dataclasses.replace(tokens.spec, space=space)).save("q/x.vcb")
    monkeypatch.chdir(here if name == "small" else here / "q")
    monkeypatch.setattr("vocable.weights.fetch", lambda *name, **file: 1 / 0)
    done = call("decode", here / "q" / "x.vcb", code=1)
    assert f"tokens come from {space}, which does not come with vocable; give" in done.stderr
    streamed = call("stream", "decode", stdin=(here / "q" / "x.vcb").read_bytes(), code=1)
    assert f"tokens come from {space}" in streamed.stderr


def test_tokens_whose_codec_does_not_come_with_the_package(
    here: Path, small: Path, speech: Path
) -> None:
    call("encode", "speech.wav", "--codec", small)
    done = call("decode", "speech.vcb", "-o", "y.wav", code=1)
    assert "tokens come from speech@1:" in done.stderr and "--codec" in done.stderr


def test_a_bundled_name_wins_over_a_folder(here: Path, small: Path, speech: Path) -> None:
    shutil.copytree(small, here / "speech-16k")
    done = call("encode", "speech.wav", "--threads", 1)
    assert done.stderr.startswith(
        "warning: speech-16k is the model that comes with vocable; the folder is ./speech-16k\n"
    )
    assert vocable.read_tokens("speech.vcb").spec.name == "speech-16k"
    call("encode", "speech.wav", "--codec", "./speech-16k", "--force")
    assert vocable.read_tokens("speech.vcb").spec.name == "speech"
