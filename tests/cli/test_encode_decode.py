"""`vocable encode` and `decode`: what they write and print."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone
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


def test_mix_makes_one_stream(here: Path, small: Path) -> None:
    write_tone(here / "x.wav", 0.5, channels=3)
    (facts,) = results("encode", "x.wav", "--mix", "--codec", small)
    assert (facts["streams"], facts["channels"]) == (1, 1)


def test_another_rate_is_given_when_asked(here: Path, small: Path, speech: Path) -> None:
    call("encode", "speech.wav", "--codec", small)
    call("decode", "speech.vcb", "-o", "y.wav", "--rate", 48_000, "--codec", small)
    found = soundfile.info("y.wav")
    assert (found.samplerate, found.frames) == (48_000, 48_000)


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
