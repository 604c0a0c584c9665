"""Files of recordings in a folder: which belongs to which, and what is refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.evaluate.made_up import RATE, SPEC, Steps, recording, sound
from tests.evaluate.sweep.fakes import write_clip
from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import FormatError, MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.sweep import sweep
from vocable.evaluate.systems import DecodedFiles, System, TokenFiles
from vocable.tokens import TokenSpec


def opener(spec: TokenSpec) -> Steps:
    assert spec == SPEC
    return Steps()


def tokens_at(folder: Path) -> TokenFiles:
    return TokenFiles.at("mine", str(folder), opener)


def decoded_at(folder: Path) -> DecodedFiles:
    return DecodedFiles.at("theirs", str(folder))


def write_tokens(folder: Path, name: str, audio: Audio | None = None) -> None:
    folder.mkdir(exist_ok=True)
    Steps().encode(sound() if audio is None else audio).save(folder / f"{name}.vcb", overwrite=True)


def write_sound(path: Path, audio: Audio | None = None) -> None:
    audio = sound() if audio is None else audio
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, audio.samples.T, audio.rate)


def test_tokens_are_decoded_by_the_codec_of_their_spec(tmp_path: Path):
    write_tokens(tmp_path / "below", "a")
    system = pickle.loads(pickle.dumps(tokens_at(tmp_path)))
    assert isinstance(system, System) and system.name == system.family == "mine"
    made = system.open()(recording("a"))
    wanted = Steps().encode(sound())
    assert made.tokens == wanted and made.audio == Steps().decode(wanted)
    assert made.bits == pytest.approx(1400 * 1.0)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".FLAC", ".ogg"])
def test_decoded_files_may_be_of_any_kind(tmp_path: Path, ending):
    write_sound(tmp_path / f"a{ending}")
    (tmp_path / "a.txt").write_text("about it")
    system = pickle.loads(pickle.dumps(decoded_at(tmp_path)))
    assert isinstance(system, System) and system.name == system.family == "theirs"
    made = system.open()(recording("a"))
    assert len(made.audio) == RATE and made.bits is None and made.tokens is None
    assert np.corrcoef(made.audio.samples[0], sound().samples[0])[0, 1] > 0.9


def test_a_part_of_a_file_has_its_start_in_its_name(tmp_path: Path):
    clip = Clip(tmp_path / "talk.wav", start=2.5)
    write_sound(tmp_path / "out" / f"{clip.name}.wav")
    assert decoded_at(tmp_path / "out").open()(recording("talk@2.5")).audio.rate == RATE


@pytest.mark.parametrize(
    ("system", "wanted"), [(tokens_at, r"a\.vcb"), (decoded_at, r"a\.\*")], ids=["vcb", "any"]
)
def test_a_missing_file_is_told_by_its_name(tmp_path: Path, system, wanted):
    write_tokens(tmp_path, "ab")
    write_sound(tmp_path / "b.wav")
    with pytest.raises(MeasureError, match=rf"holds no {wanted}$"):
        system(tmp_path).open()(recording("a"))


def test_two_files_of_one_name_are_refused(tmp_path: Path):
    write_sound(tmp_path / "one" / "a.wav")
    write_sound(tmp_path / "two" / "a.flac")
    with pytest.raises(MeasureError, match=r"holds a 2 times \(one.a.wav, two.a.flac\); keep one"):
        decoded_at(tmp_path).open()(recording("a"))


def test_what_is_not_a_folder_is_refused_at_once(tmp_path: Path):
    for system in (tokens_at, decoded_at):
        with pytest.raises(MeasureError, match=r"nowhere is not a folder$"):
            system(tmp_path / "nowhere")


def test_damaged_tokens_are_refused_by_name(tmp_path: Path):
    write_tokens(tmp_path, "a")
    path = tmp_path / "a.vcb"
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(FormatError, match=r"a\.vcb"):
        tokens_at(tmp_path).open()(recording("a"))


def test_tokens_of_another_recording_are_refused(tmp_path: Path):
    write_tokens(tmp_path, "a", sound(2.0))
    with pytest.raises(MeasureError, match=r"a\.vcb is of 2\.00 s .* and the recording has 1\.00"):
        tokens_at(tmp_path).open()(recording("a"))


def test_of_long_recordings_the_start_is_judged(tmp_path: Path):
    whole = sound(31.0)
    write_tokens(tmp_path, "a", whole)
    write_sound(tmp_path / "a.wav", whole.resample(16000))
    start = Recording("a", Audio(whole.samples[:, : 30 * RATE], RATE))
    made = tokens_at(tmp_path).open()(start)
    assert made.audio.seconds == 30.0 and made.bits == pytest.approx(1400 * 30.0)
    assert decoded_at(tmp_path).open()(start).audio.seconds == 30.0


def test_identity_is_the_file_of_the_recording(tmp_path: Path):
    write_tokens(tmp_path, "a")
    write_tokens(tmp_path, "b", sound(seed=1))
    system = tokens_at(tmp_path)
    one, other, none = (system.identity(name) for name in "abc")
    assert one != other and none == {"tokens": ""}
    write_tokens(tmp_path, "b", sound(seed=2))
    assert system.identity("a") == one and system.identity("b") != other


def test_a_sweep_over_recordings_of_one_name_is_refused(tmp_path: Path):
    for folder in "xy":
        (tmp_path / folder).mkdir()
    clips = [
        write_clip(tmp_path / folder, "a", power)
        for folder, power in zip("xy", ([0.1] * 9, [0.2] * 9), strict=True)
    ]
    write_sound(tmp_path / "out" / "a.wav")
    with pytest.raises(MeasureError, match=r"^several recordings are named a, and files are found"):
        sweep([decoded_at(tmp_path / "out")], clips, tmp_path / "results")
    study = sweep([decoded_at(tmp_path / "out")], clips[:1] * 2, tmp_path / "results", measures=[])
    assert len(study.results) == 1


def test_in_a_sweep_a_missing_file_is_a_row_with_its_reason(tmp_path: Path):
    clips = [write_clip(tmp_path, name) for name in "ab"]
    folder = tmp_path / "out"
    write_tokens(folder, "b", clips[1].read())
    study = sweep([tokens_at(folder)], clips, tmp_path / "results", measures=["si_sdr"])
    faults = {each.name: each.fault for each in study.results}
    assert faults == {"a": f"{folder} holds no a.vcb", "b": ""}
