"""Whatever a recording, a system or a measure does has a row with its reason; the rest goes on."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.sweep import fakes as make
from tests.evaluate.sweep.breaking import registered
from tests.evaluate.sweep.fakes import QUICK, RATE, fakes, plain, write_clip
from vocable.audio.manifest import Clip
from vocable.errors import VocableError
from vocable.evaluate.sweep import Study, sweep
from vocable.measures import REGISTRY

posix = pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
MAKES = (
    *(make.throws, make.hangs, make.dies, make.leaves, make.prints, make.nan, make.silent),
    *(make.empty, make.nothing, make.array, make.other_rate, make.other_length, make.rough),
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> dict[tuple[str, str], object]:
    folder = tmp_path_factory.mktemp("faults")
    clips = [write_clip(folder, name) for name in "abc"]
    study = sweep(fakes(*MAKES), clips, folder / "out", measures=QUICK, limit=4.0, processes=2)
    assert len(study.results) == len(MAKES) * 3
    return {(each.system, each.name): each for each in study.results}


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        ("throws", "ValueError: does not like b"),
        ("hangs", "took longer than 4 s"),
        pytest.param("dies", "its process was ended by SIGSEGV", marks=posix),
    ],
)
def test_what_a_system_does_to_one_recording_costs_that_one(judged, system, reason):
    assert judged[system, "b"].fault == reason
    assert judged[system, "b"].scores == judged[system, "b"].unscored == {}
    for name in "ac":
        assert judged[system, name].scores == judged["rough", name].scores
        assert not judged[system, name].fault


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        ("leaves", "SystemExit: 7"),
        ("nan", "AudioError: audio: sample 0 (0.000 s) of channel 0 is nan"),
        ("empty", "it made nothing: 0 samples"),
        ("nothing", "it returned NoneType, and an Audio was wanted"),
        ("array", "it returned ndarray, and an Audio was wanted"),
    ],
)
def test_what_is_no_recording_is_a_fault(judged, system, reason):
    for name in "abc":
        assert judged[system, name].fault.startswith(reason)


@pytest.mark.parametrize(
    ("system", "reason"),
    [("silent", "degraded is silent"), ("other_length", "the reference lasts 1.00 s and the")],
)
def test_what_cannot_be_compared_has_reasons_in_place_of_scores(judged, system, reason):
    one = judged[system, "a"]
    assert not one.fault and one.scores == {} and set(one.unscored) == set(QUICK)
    assert all(reason in why for why in one.unscored.values())


def test_other_rates_are_resampled_and_printing_harms_nothing(judged):
    assert judged["other_rate", "a"].scores["si_sdr"] > 5
    assert judged["prints", "a"].scores == judged["rough", "a"].scores


def failing(tmp_path: Path, measure: str, **how) -> Study:
    clips = [write_clip(tmp_path, "a")]
    measures = ["si_sdr", measure, "snr"]
    with registered():
        return sweep(
            fakes(make.rough, make.halves), clips, tmp_path / "out", measures=measures,
            prepare=registered, **how,
        )  # fmt: skip


@posix
def test_a_measure_that_kills_its_process_loses_one_score(tmp_path):
    study = failing(tmp_path, "killer")
    assert len(study.results) == 2
    for each in study.results:
        assert set(each.scores) == {"si_sdr", "snr"} and not each.fault
        assert each.unscored == {"killer": "its process was ended by SIGSEGV"}


def test_a_measure_that_hangs_loses_one_score(tmp_path):
    study = failing(tmp_path, "sleeper", limit=2.0)
    assert [each.system for each in study.results] == ["rough", "halves"]
    for each in study.results:
        assert set(each.scores) == {"si_sdr", "snr"} and not each.fault
        assert each.unscored == {"sleeper": "took longer than 2 s"}


def test_faults_are_tried_again_and_reasons_of_measures_are_kept(tmp_path):
    clips = [write_clip(tmp_path, name) for name in "ab"]
    calls = tmp_path / "calls"
    systems = fakes(make.throws, make.silent, calls=calls)
    sweep(systems, clips, tmp_path / "out", measures=QUICK)
    calls.write_text("")
    study = sweep(systems, clips, tmp_path / "out", measures=QUICK)
    assert calls.read_text() == "b throws\n"
    assert [each.fault for each in study.of("throws")] == ["", "ValueError: does not like b"]


def test_bad_recordings_are_named_and_counted(tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")
    clips = [
        write_clip(tmp_path, "good"),
        Clip(tmp_path / "missing.wav", set="noise"),
        Clip(tmp_path / "text.wav", set="noise"),
        write_clip(tmp_path, "nan", np.full(RATE, np.nan)),
        write_clip(tmp_path, "silent", np.zeros(RATE)),
        write_clip(tmp_path, "constant", np.full(RATE, 0.5)),
        write_clip(tmp_path, "short", np.array([0.1, -0.2] * 50)),
    ]
    seen = []
    study = sweep(
        fakes(make.rough), clips, tmp_path / "out", measures=["si_sdr", "segmental_snr"],
        progress=lambda share, result: seen.append((share, result)),
    )  # fmt: skip
    found = {each.name: each for each in study.results}
    assert set(found) == {Path(clip.path).stem for clip in clips} and study.asked("noise") == 7
    assert found["missing"].fault.startswith("cannot be read: FileNotFoundError: ")
    assert "cannot be read: AudioError" in found["text"].fault
    assert "nan" in found["nan"].fault and found["nan"].seconds == 0
    assert "reference is silent" in found["silent"].unscored["si_sdr"]
    assert "reference is constant" in found["constant"].unscored["si_sdr"]
    assert "segmental_snr needs at least 0.032 s" in found["short"].unscored["segmental_snr"]
    assert "si_sdr" in found["short"].scores and len(found["good"].scores) == 2
    assert {each.name for _, each in seen if each} == set(found)
    shares = [share for share, _ in seen]
    assert shares == sorted(shares) and shares[-1] == 1


def test_a_file_that_belongs_to_a_recording_may_be_missing(tmp_path):
    clips = [write_clip(tmp_path, name) for name in "ab"]
    study = sweep([make.OfFiles()], clips, tmp_path / "out", measures=QUICK)
    faults = {each.name: each.fault for each in study.results}
    assert faults == {"a": "", "b": "FileNotFoundError: no file for b"}
    again = sweep([make.OfFiles()], clips, tmp_path / "out", measures=QUICK)
    assert plain(again) == plain(study)


def test_processes_that_cannot_start_end_the_run(tmp_path):
    clips = [write_clip(tmp_path, "a")]
    with pytest.raises(VocableError, match="a system cannot be opened: ValueError: not today"):
        sweep(fakes(make.rough), clips, tmp_path / "out", measures=QUICK, prepare=make.refuse)
    assert "killer" not in REGISTRY
