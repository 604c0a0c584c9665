"""A codec made for speech says so when it is given something else; other codecs say nothing."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.cli.calls import call, results
from tests.measures.signals import noise
from vocable.codecs import build
from vocable.load import save_model

RATE = 16_000
SPEECH, _ = soundfile.read(Path(__file__).parents[2] / "examples" / "speech.flac")


@pytest.fixture
def folder(here: Path) -> Path:
    """Speech, speech of a telephone, and noise."""
    (here / "in").mkdir()
    soundfile.write("in/speech.wav", SPEECH, RATE)
    soundfile.write("in/call.wav", soxr.resample(SPEECH, RATE, 8000), 8000)
    soundfile.write("in/noise.wav", noise(3 * RATE), RATE)
    return here


def warnings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("warning: ")]


def test_encode_names_what_is_not_speech_and_what_is_band_limited(
    folder: Path, small: Path
) -> None:
    done = call("encode", "in", "-o", "out", "--codec", small)
    limited, other = warnings(done.stderr)
    assert other.startswith(f"warning: {Path('in', 'noise.wav')}: this is not speech; speech makes")
    assert limited.startswith(f"warning: {Path('in', 'call.wav')}: nothing above 3.9 kHz, as of")
    assert "may come back too quiet" in limited
    assert done.stderr.splitlines()[-1] == "3 done, 1 band-limited, 1 not speech"
    facts = {Path(f["input"]).name: f for f in results("encode", "in", "-o", "b", "--codec", small)}
    assert {name: f["speech"] for name, f in facts.items()} == {
        "call.wav": True, "noise.wav": False, "speech.wav": True
    }  # fmt: skip
    assert facts["call.wav"]["band_end_hz"] < 4300 < facts["speech.wav"]["band_end_hz"]


def test_arrays_are_judged_too_and_one_recording_needs_no_summary(
    folder: Path, small: Path
) -> None:
    done = call("encode", "in/noise.wav", "-o", "x.npy", "--codec", small)
    assert len(warnings(done.stderr)) == 1 and "done" not in done.stderr
    assert call("encode", "in/speech.wav", "--codec", small, "--quiet").stderr == ""
    done = call(
        "encode", "-", "-o", "y.vcb", "--codec", small, stdin=Path("in/noise.wav").read_bytes()
    )
    assert warnings(done.stderr)[0].startswith("warning: stdin: this is not speech")


def test_roundtrip_says_by_how_much_the_level_moved(folder: Path, small: Path) -> None:
    done = call("roundtrip", "in/call.wav", "-o", "y.wav", "--codec", small)
    (line,) = warnings(done.stderr)
    (facts,) = results("roundtrip", "in/call.wav", "-o", "z.wav", "--codec", small)
    before, after = (np.mean(soundfile.read(p)[0] ** 2) for p in ("in/call.wav", "z.wav"))
    assert facts["level_db"] == pytest.approx(10 * np.log10(after / before), abs=0.01)
    assert f"came back {abs(facts['level_db']):.1f} dB too" in line
    assert f"level              {facts['level_db']:+.1f} dB" in done.stdout
    done = call("roundtrip", "in/noise.wav", "-o", "n.wav", "--codec", small)
    assert len(warnings(done.stderr)) == 1 and "this is not speech" in done.stderr


def test_what_was_measured_is_said(here: Path, small: Path) -> None:
    soundfile.write("long.wav", np.tile(SPEECH, 7), RATE)
    soundfile.write("stereo.wav", np.stack([SPEECH, SPEECH[::-1]], 1), RATE)
    measured = {}
    for name in ("long", "stereo"):
        done = call("roundtrip", f"{name}.wav", "-o", "y.wav", "--codec", small, "--force")
        (measured[name],) = (x for x in done.stdout.splitlines() if x.startswith("measured  "))
    assert measured["long"].endswith("  the first 30 s of 35 s")
    assert measured["stereo"].endswith("  2 channels mixed")


def test_silence_has_no_level(here: Path, small: Path) -> None:
    soundfile.write("x.wav", np.zeros(RATE), RATE)
    done = call("roundtrip", "x.wav", "-o", "y.wav", "--codec", small)
    assert "level              not measured: there is no sound" in done.stdout
    assert not warnings(done.stderr)


def test_a_codec_for_any_sound_says_nothing(folder: Path) -> None:
    sizes = {"filters": 2, "strides": [4, 4], "latent": 8, "sizes": [16, 16]}
    save_model(build("soundstream", sizes), folder / "plain")
    done = call("encode", "in", "-o", "out", "--codec", "plain")
    assert not warnings(done.stderr) and "speech" not in done.stderr.splitlines()[-1]
    (facts,) = results("encode", "in/noise.wav", "-o", "x.vcb", "--codec", "plain")
    assert "speech" not in facts
