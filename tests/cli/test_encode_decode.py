"""`vocable encode` and `decode`: what they write, print and skip."""

import dataclasses
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call, called, results
from tests.cli.small import write_tone
from vocable.atomic import Replacement
from vocable.cli.open_codec import open_codec


def test_a_decoded_recording_has_the_exact_length(here: Path, small: Path) -> None:
    write_tone(here / "x.wav", 1.2345, rate=22_050, channels=2)
    call("encode", "x.wav", "--codec", small)
    call("decode", "x.vcb", "-o", "y.flac", "--codec", small)
    before, after = soundfile.info("x.wav"), soundfile.info("y.flac")
    assert (after.frames, after.samplerate, after.channels) == (before.frames, 22_050, 2)


def test_the_commands_do_what_python_does(here: Path, small: Path, speech: Path) -> None:
    call("encode", "speech.wav", "--levels", 3, "--codec", small)
    call("decode", "speech.vcb", "-o", "again.wav", "--codec", small)
    codec = vocable.load(small)
    tokens = codec.encode("speech.wav", levels=3)
    assert vocable.read_tokens("speech.vcb") == tokens
    codec.decode(tokens).save("python.wav")
    assert Path("again.wav").read_bytes() == Path("python.wav").read_bytes()


def test_encoding_twice_gives_the_same_bytes(here: Path, small: Path, speech: Path) -> None:
    for name in ("a.vcb", "b.vcb", "a.npz", "b.npz"):
        call("encode", "speech.wav", "-o", name, "--codec", small)
    for ending in (".vcb", ".npz"):
        assert Path(f"a{ending}").read_bytes() == Path(f"b{ending}").read_bytes()
    assert vocable.read_tokens("a.npz") == vocable.read_tokens("a.vcb")


@pytest.mark.parametrize("name", ["größe 录音.wav", "x" * 250 + ".wav", "--force.wav", "-.wav"])
def test_names_of_any_kind(here: Path, small: Path, name: str) -> None:
    write_tone(here / name, 0.2)
    call("encode", "--codec", small, "--", name)
    (facts,) = results("decode", "--codec", small, "-o", "y.wav", "--", f"{name[:-4]}.vcb")
    assert facts["samples"] == 3200
    assert {path.name for path in here.iterdir()} == {name, f"{name[:-4]}.vcb", "y.wav"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have Unicode names only")
def test_names_that_are_not_valid_unicode(here: Path, small: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    os.rename(write_tone(here / "x.wav", 0.2), name)
    call("encode", name, "--codec", small)
    (facts,) = results("encode", name, "--codec", small, "--force")
    assert facts["input"] == name


def test_waiting_threads_sleep(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    open_codec(str(small), None, None)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    open_codec(str(small), None, None)
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_one_line_for_people(here: Path, small: Path, speech: Path) -> None:
    done = call("encode", "speech.wav", "--codec", small)
    assert done.stdout == ""
    assert done.stderr.startswith("speech.wav  1.0 s -> speech.vcb  ")
    assert "kbps" in done.stderr and done.stderr.endswith("× real time\n")
    assert call("encode", "speech.wav", "--codec", small, "--force", "--quiet").stderr == ""


def test_json_has_units_and_the_numbers_of_the_file(here: Path, small: Path, speech: Path) -> None:
    (facts,) = results("encode", "speech.wav", "--codec", small)
    tokens = vocable.read_tokens("speech.vcb")
    assert facts["input"] == "speech.wav" and facts["output"] == "speech.vcb"
    assert facts["seconds"] == 1.0 and facts["samples"] == facts["rate_hz"] == 16_000
    assert (facts["frames"], facts["levels"]) == (len(tokens), tokens.levels)
    assert facts["bits_per_second"] == float(tokens.bitrate) == 500.0
    assert facts["bytes"] == Path("speech.vcb").stat().st_size
    assert facts["bits_per_second_on_disk"] == pytest.approx(8 * facts["bytes"])
    (facts,) = results("decode", "speech.vcb", "-o", "y.wav", "--codec", small)
    assert (facts["samples"], facts["rate_hz"], facts["channels"]) == (16_000, 16_000, 1)


def test_json_names_what_failed(here: Path, small: Path, speech: Path) -> None:
    Path("text.wav").write_text("not a recording")
    bad, good = results("encode", "text.wav", "speech.wav", "--codec", small, code=1)
    assert bad["input"] == "text.wav" and bad["output"] is None and "text.wav" in bad["error"]
    assert good["output"] == "speech.vcb"


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


def test_a_tree_is_recreated_and_can_be_continued(here: Path, small: Path) -> None:
    for name in ("a/one.wav", "b/c/two.flac"):
        write_tone(here / "talks" / name, 0.2)
    call("encode", "talks", "-o", "out", "--codec", small)
    assert sorted(str(p.relative_to("out")) for p in Path("out").rglob("*.vcb")) == [
        str(Path("a/one.vcb")),
        str(Path("b/c/two.vcb")),
    ]
    Path("out/a/one.vcb").unlink()
    kept = Path("out/b/c/two.vcb").stat().st_mtime_ns
    done = call("encode", "talks", "-o", "out", "--skip-existing", "--codec", small)
    assert "1 done, 1 skipped, existing" in done.stderr
    assert Path("out/a/one.vcb").exists() and Path("out/b/c/two.vcb").stat().st_mtime_ns == kept
    call("decode", "out", "-o", "back", "--codec", small)
    assert soundfile.info("back/b/c/two.wav").frames == soundfile.info("talks/b/c/two.flac").frames


@pytest.mark.parametrize("ending", ["npy", "npz", "safetensors"])
def test_arrays_for_trainers(here: Path, small: Path, speech: Path, ending: str) -> None:
    (facts,) = results("encode", "speech.wav", "-o", f"x.{ending}", "--codec", small)
    assert facts["bytes"] == Path(f"x.{ending}").stat().st_size and facts["frames"] == 25
    if ending == "npy":
        codes = vocable.load(small).encode("speech.wav").codes
        assert np.array_equal(np.load("x.npy"), codes)


@pytest.mark.parametrize("ending", ["npy", "npz", "safetensors"])
def test_arrays_decode_to_what_their_tokens_do(
    here: Path, small: Path, speech: Path, ending: str
) -> None:
    for name in (f"a.{ending}", "b.vcb"):
        call("encode", "speech.wav", "-o", name, "--codec", small)
        call("decode", name, "--codec", small)
    assert soundfile.info("a.wav").frames == 16_000
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()
    (facts,) = results("info", f"a.{ending}")
    (own,) = results("info", "b.vcb")
    for key in (key for key in own if "bytes" not in key and key not in ("input", "name")):
        assert facts[key] == own[key] or key == "bits_per_second_on_disk", key
    assert facts["bytes"] == Path(f"a.{ending}").stat().st_size


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


def test_a_folder_that_cannot_be_searched_is_a_failure(
    here: Path, small: Path, unlistable: Callable[[str], None]
) -> None:
    write_tone(here / "talks/a/one.wav", 0.2)
    (here / "talks/b").mkdir()
    unlistable("b")
    done = call("encode", "talks", "-o", "out", "--codec", small, code=1)
    assert done.stderr.startswith(f"error: {Path('talks/b')}: no permission")
    assert done.stderr.endswith("1 done, 1 failed\n") and Path("out/a/one.vcb").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows names have no line breaks")
def test_a_name_with_a_line_break_is_shown_on_one_line(here: Path, small: Path) -> None:
    Path("a\nb.wav").write_text("not a recording")
    done = call("encode", "a\nb.wav", "--codec", small, code=1)
    assert done.stderr.startswith("error: a b.wav is not") and done.stderr.count("\n") == 1
    write_tone(here / "c\nd.wav", 0.2)
    done = call("encode", "c\nd.wav", "--codec", small)
    assert done.stderr.startswith("c d.wav  0.2 s -> c d.vcb  ") and done.stderr.count("\n") == 1


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


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_the_output_may_be_a_device(here: Path, small: Path, speech: Path) -> None:
    (facts,) = results("encode", "speech.wav", "-o", "/dev/null", "--codec", small)
    assert facts["output"] == "/dev/null" and facts["frames"] == 25


def test_mix_makes_one_stream(here: Path, small: Path) -> None:
    write_tone(here / "x.wav", 0.5, channels=3)
    (facts,) = results("encode", "x.wav", "--mix", "--codec", small)
    assert (facts["streams"], facts["channels"]) == (1, 1)


def test_another_rate_is_given_when_asked(here: Path, small: Path, speech: Path) -> None:
    call("encode", "speech.wav", "--codec", small)
    call("decode", "speech.vcb", "-o", "y.wav", "--rate", 48_000, "--codec", small)
    found = soundfile.info("y.wav")
    assert (found.samplerate, found.frames) == (48_000, 48_000)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["encode", "speech.wav", "--codec", "gone"], 'no codec named "gone"'),
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


def test_endings_are_kept_and_come_back(here: Path, small: Path) -> None:
    for name in ("a.wav", "a.flac"):
        write_tone(here / "talks" / name, 0.2)
    assert "--keep-endings" in call("encode", "talks", "-o", "out", code=2).stderr
    call("encode", "talks", "-o", "out", "--keep-endings", "--codec", small)
    assert sorted(os.listdir("out")) == ["a.flac.vcb", "a.wav.vcb"]
    call("decode", "out", "-o", "back", "--keep-endings", "--codec", small)
    assert [soundfile.info(f"back/a.{kind}").format for kind in ("flac", "wav")] == ["FLAC", "WAV"]


def test_skip_existing_leaves_to_another_run_what_it_is_writing(here: Path, small: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_tone(here / name, 0.2)
    other = Replacement("a.vcb")
    done = call("encode", "a.wav", "b.wav", "--skip-existing", "--codec", small)
    assert done.stderr.endswith("1 done, 1 skipped, taken by another run\n")
    assert call("encode", "a.wav", "--codec", small, code=1).stderr == (
        "error: a.wav: a.vcb is being written by someone else; wait for them or take another name\n"
    )
    other.discard()


def test_what_a_folder_holds_besides_is_said(here: Path, small: Path) -> None:
    write_tone(here / "talks" / "a.wav", 0.2)
    Path("talks/a.txt").write_text("hello")
    done = call("encode", "talks", "-o", "out", "--codec", small)
    assert done.stderr.splitlines()[1:] == ["left out: 1 .txt"]
    assert call("data", "scan", "talks").stderr.splitlines()[1:] == ["left out: 1 .txt"]


def test_a_bundled_name_wins_over_a_folder(here: Path, small: Path, speech: Path) -> None:
    shutil.copytree(small, here / "speech-16k")
    done = call("encode", "speech.wav", "--threads", 1)
    assert done.stderr.startswith(
        "warning: speech-16k is the model that comes with vocable; the folder is ./speech-16k\n"
    )
    assert vocable.read_tokens("speech.vcb").spec.name == "speech-16k"
    call("encode", "speech.wav", "--codec", "./speech-16k", "--force")
    assert vocable.read_tokens("speech.vcb").spec.name == "speech"


def test_a_decoder_of_a_higher_rate_says_how_to_hear_it(here: Path) -> None:
    from vocable.codecs import build
    from vocable.load import save_model

    save_model(build("soundstream", TINY | {"decoder_strides": [8, 2, 2]}), here / "wide")
    save_model(build("soundstream", TINY), here / "narrow")
    write_tone(here / "x.wav", 0.5, rate=8000)
    call("encode", "x.wav", "--codec", here / "wide")
    said = call("decode", "x.vcb", "-o", "a.wav", "--codec", here / "wide").stderr
    assert "x.vcb: written at 8000 Hz, as it was recorded; soundstream gives 16000 Hz" in said
    asked = call("decode", "x.vcb", "-o", "b.wav", "--rate", 16_000, "--codec", here / "wide")
    assert "as it was recorded" not in asked.stderr
    assert (soundfile.info("a.wav").frames, soundfile.info("b.wav").frames) == (4000, 8000)
    call("encode", "x.wav", "-o", "y.vcb", "--codec", here / "narrow")
    trip = call("roundtrip", "x.wav", "-o", "c.wav", "--codec", here / "wide").stderr
    assert "x.wav: written at 8000 Hz, as it was recorded; soundstream gives 16000 Hz" in trip
    plain = call("decode", "y.vcb", "--codec", here / "narrow")
    assert "as it was recorded" not in plain.stderr


TINY = {"rate": 8000, "filters": 4, "strides": [2, 8], "latent": 8, "sizes": [16, 16]}
