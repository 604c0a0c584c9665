"""Bad input for units, in Python and at the command line: one line, and nothing is lost."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.calls import call, results
from tests.cli.small import write_tone
from tests.units.test_long import ENCODERS, streaming_units, units_of
from vocable.codecs.bundle import Bundle
from vocable.errors import AudioError
from vocable.testing.codec_examples import small_codec
from vocable.tokens import Source, read_tokens
from vocable.tokens.tracks import read_tracks
from vocable.units import SignalEncoder, read_centres

RATE = 16_000
each_encoder = pytest.mark.parametrize("name", ENCODERS)


@pytest.fixture
def centres(here: Path) -> Path:
    """A file of centres of MFCC."""
    units_of(SignalEncoder("mfcc")).centres.save(here / "mfcc.safetensors")
    return here / "mfcc.safetensors"


@pytest.fixture
def recordings(here: Path) -> Path:
    """A folder of one good recording and all kinds of bad ones."""
    folder = here / "in"
    good = write_tone(folder / "good.wav", 1.0)
    sound, _ = soundfile.read(good)
    soundfile.write(folder / "short.wav", sound[:300], RATE)
    soundfile.write(folder / "silent.wav", np.zeros(RATE), RATE)
    write_tone(folder / "phone.wav", 1.0, rate=8000)
    write_tone(folder / "stereo.wav", 1.0, channels=2)
    sound[700] = np.nan
    soundfile.write(folder / "nan.wav", sound, RATE, subtype="FLOAT")
    (folder / "cut.wav").write_bytes(good.read_bytes()[:-9000])
    return folder


@each_encoder
def test_less_than_a_frame_gives_no_units_and_keeps_its_source(name, here):
    units, codec = units_of(ENCODERS[name]()), small_codec("speech")
    few = min(300, units.encoder.window - 1)
    sound = np.full(few, 0.1, np.float32)
    short, other = units.encode_batch([sound, np.zeros(RATE, np.float32)], rate=RATE)
    assert short == units.encode(sound, rate=RATE)
    assert len(short) == 0 and short.source == Source(few, RATE) and len(other) >= 49
    soundfile.write(here / "short.wav", sound, RATE, subtype="FLOAT")
    bundle = Bundle([units, codec])
    bundle.encode_to(here / "short.wav", here / "both.vcb")
    both = read_tracks(here / "both.vcb")
    assert both == bundle.encode(here / "short.wav")
    assert len(both["semantic"]) == 0 and len(both["acoustic"]) == 1
    assert len(bundle.decode(both)) == few


@each_encoder
def test_silence_has_the_units_that_it_has_beside_others(name):
    """Normalising divides by no variance; frames whose neighbours are alike are one unit."""
    units = units_of(ENCODERS[name]())
    silence, other = np.zeros(RATE, np.float32), np.ones(RATE, np.float32) * 0.1
    alone = units.encode(silence, rate=RATE)
    batch = units.encode_batch([other, silence, silence], rate=RATE)
    assert batch[1] == batch[2] == alone


def test_a_batch_with_one_that_is_bad_says_which_sample(here):
    units = units_of(SignalEncoder("mfcc"))
    bad = np.zeros(RATE, np.float32)
    bad[8000] = np.nan
    with pytest.raises(AudioError, match=r"sample 8000 \(0.500 s\) of channel 0 is nan"):
        units.encode_batch([np.zeros(RATE, np.float32), bad], rate=RATE)


def test_encoding_a_folder_goes_on_past_what_is_bad(recordings, centres):
    facts = results("encode", recordings, "-o", "out", "--codec", centres, code=1)
    failed = {Path(each["input"]).stem: each["error"] for each in facts if "error" in each}
    assert set(failed) == {"nan", "cut"} and not any("\n" in each for each in failed.values())
    assert "nan.wav: sample 700 (0.044 s)" in failed["nan"] and "ends after" in failed["cut"]
    found = {path.stem: read_tokens(path) for path in Path("out").iterdir()}
    assert {name: len(each) for name, each in found.items()} == {
        "good": 98, "short": 0, "silent": 98, "phone": 98, "stereo": 98,
    }  # fmt: skip
    assert found["stereo"].streams == 2 and found["phone"].source.rate == 8000


def test_a_bundle_of_a_folder_goes_on_past_what_is_bad(recordings, centres, small):
    facts = results("encode", recordings, "-o", "out", "--codec", f"{centres}+{small}", code=1)
    assert sum("error" in each for each in facts) == 2
    assert {path.name for path in Path("out").iterdir()} == {
        f"{name}.vcb" for name in ("good", "short", "silent", "phone", "stereo")
    }


def test_fitting_goes_on_past_what_is_bad(recordings, here):
    """Bad recordings are named, and give no frame; stereo is mixed, 8 kHz resampled."""
    names = ("good", "short", "silent", "phone", "stereo", "nan", "cut", "missing")
    rows = [json.dumps({"path": f"in/{name}.wav"}) for name in names]
    (here / "manifest.jsonl").write_text("\n".join(rows))
    (facts,) = results("units", "fit", "--encoder", "mfcc", "--k", 4, "--data", "manifest.jsonl",
                       "-o", "c.safetensors", code=1)  # fmt: skip
    assert facts["recordings"] == 4 and facts["frames"] == 4 * 98
    assert len(facts["refused"]) == 3 and read_centres("c.safetensors").sizes == (4,)
    for name, refusal in zip(("nan", "cut", "missing"), facts["refused"], strict=True):
        assert f"{name}.wav" in refusal and "\n" not in refusal


def test_a_recording_of_the_right_rate_is_not_asked_for(here):
    """8 kHz is resampled, as codecs do; a rate that is stated must be the file's."""
    path = write_tone(here / "phone.wav", 1.0, rate=8000)
    for encoder in (SignalEncoder("mfcc"), streaming_units()):
        work = encoder.features if isinstance(encoder, SignalEncoder) else encoder.encode
        work(path, rate=8000)
        with pytest.raises(AudioError, match="rate is 16000 Hz but the recording says 8000 Hz"):
            work(path, rate=RATE)


def test_centres_of_another_layer_are_refused_at_the_command_line(recordings, centres, here):
    damaged = centres.read_bytes().replace(b"mfcc@1", b"mfcc@2")
    (here / "other.safetensors").write_bytes(damaged)
    done = call("encode", "in/good.wav", "--codec", "other.safetensors", code=2)
    (line,) = done.output.splitlines()
    assert "other.safetensors says that it holds" in line
    assert not (here / "in/good.vcb").exists()
