"""A sweep does what is missing and no more, and comes to the same however it came about."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluate.sweep.fakes import (
    QUICK,
    RATE,
    Fake,
    fakes,
    halves,
    late,
    original,
    plain,
    rough,
    write_clip,
)
from vocable.errors import MeasureError
from vocable.evaluate.sweep import read_study, sweep
from vocable.evaluate.sweep.store import Store
from vocable.measures import si_sdr

MORE = (*QUICK, "segmental_snr")


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """Studies of one folder, one after the other, and the calls that each made."""
    folder = tmp_path_factory.mktemp("grown")
    clips = [write_clip(folder, name, speaker="anna") for name in "abc"]
    calls = folder / "calls"
    steps = [
        (clips[:2], (original, halves), QUICK),
        (clips[:2], (original, halves), QUICK),
        (clips, (original, halves), QUICK),
        (clips, (original, halves, late), QUICK),
        (clips, (original, halves, late), MORE),
    ]
    found = []
    for some, makes, measures in steps:
        calls.write_text("")
        study = sweep(fakes(*makes, calls=calls), some, folder / "out", measures=measures)
        found.append((study, sorted(calls.read_text().splitlines())))
    return clips, folder, found


def test_every_recording_goes_through_every_system_once(grown):
    (study, calls), *_ = grown[2]
    assert calls == ["a halves", "a original", "b halves", "b original"]
    assert study.systems == ("original", "halves") and study.sets == ("noise",)
    assert study.measures == {"noise": QUICK}
    assert [(each.name, each.system) for each in plain(study)] == [
        ("a", "halves"), ("a", "original"), ("b", "halves"), ("b", "original")]  # fmt: skip


def test_results_say_what_measures_say(grown):
    clips, _, found = grown
    study = found[-1][0]
    (one,) = (each for each in study.of("late") if each.name == "a")
    samples = clips[0].read().samples[0].astype(np.float64)
    assert one.scores["si_sdr"] == pytest.approx(si_sdr(samples, samples, RATE))
    assert one.delay == 0.01 and one.seconds == 1 and one.speaker == "anna"
    assert one.versions["si_sdr"] == "1, vocable" and set(one.scores) == set(MORE)
    (half,) = (each for each in study.of("halves") if each.name == "a")
    assert half.bits == half.bitrate == 100 and half.family == "fake"
    assert half.scores["snr"] == pytest.approx(20 * np.log10(2), abs=1e-3)


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        (1, []),
        (2, ["c halves", "c original"]),
        (3, ["a late", "b late", "c late"]),
        (4, [f"{name} {made}" for name in "abc" for made in ("halves", "late", "original")]),
    ],
    ids=["nothing", "a recording", "a system", "a measure"],
)
def test_only_what_is_new_is_done(grown, step, calls):
    assert grown[2][step][1] == calls


def test_what_was_known_stays(grown):
    first, last = grown[2][0][0], grown[2][-1][0]
    for old in first.results:
        (new,) = (each for each in last.results if each.key == old.key)
        assert {name: new.scores[name] for name in QUICK} == old.scores


def test_two_processes_and_one_folder_at_once_come_to_the_same(grown):
    clips, folder, found = grown
    systems = fakes(original, halves, late)
    study = sweep(systems, clips, folder / "two", measures=MORE, processes=2)
    assert plain(study) == plain(found[-1][0])
    assert replace(study, results=()) == replace(found[-1][0], results=())


def test_a_study_can_be_read_back(grown):
    _, folder, found = grown
    assert read_study(folder / "out") == found[-1][0]


def test_what_is_not_asked_for_now_is_kept_and_not_shown(grown):
    clips, folder, found = grown
    study = sweep(fakes(halves), clips[:1], folder / "out", measures=["snr"])
    (one,) = study.results
    assert set(one.scores) == set(one.versions) == {"snr"}
    again = sweep(fakes(original, halves, late), clips, folder / "out", measures=MORE)
    assert again == found[-1][0]


def test_another_version_of_a_system_is_another_system(grown):
    clips, folder, _ = grown
    calls = folder / "versions"
    systems = [Fake(halves, str(calls), facts={"version": 2})]
    sweep(systems, clips[:1], folder / "out", measures=QUICK)
    assert calls.read_text() == "a halves\n"


def test_another_version_of_a_measure_counts_again(grown, monkeypatch):
    clips, folder, _ = grown
    calls = folder / "measured"
    monkeypatch.setattr(
        "vocable.evaluate.sweep.missing.version_of", lambda name: f"2 of {name}", raising=True
    )
    sweep(fakes(halves, calls=calls), clips[:1], folder / "out", measures=["snr"])
    assert calls.read_text() == "a halves\n"


KILLED = """
import sys
from pathlib import Path
from tests.evaluate.sweep.fakes import QUICK, fakes, original, rough, slow, write_clip
from vocable.evaluate.sweep import (sweep)

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    clips = [write_clip(folder, name) for name in "abcd"]
    sweep(fakes(original, rough, slow), clips, folder / "out", measures=QUICK)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_killed_and_resumed_is_undisturbed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    lines = tmp_path / "out" / "results.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not lines.exists() or lines.read_text().count("\n") < 4):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = lines.read_text().count("\n")
    with open(lines, "a") as file:  # as a line that was being written
        file.write('{"recording": "0a1b", "made')
    from tests.evaluate.sweep.fakes import slow

    clips = [write_clip(tmp_path, name) for name in "abcd"]
    calls = tmp_path / "calls"
    resumed = sweep(
        fakes(original, rough, slow, calls=calls), clips, tmp_path / "out", measures=QUICK
    )
    assert 4 <= done < 12 and len(calls.read_text().splitlines()) == 12 - done
    whole = sweep(fakes(original, rough, slow), clips, tmp_path / "whole", measures=QUICK)
    assert plain(resumed) == plain(whole)
    assert read_study(tmp_path / "out") == resumed


def test_two_runs_at_once_are_refused(tmp_path):
    clips = [write_clip(tmp_path, "a")]
    with (
        Store(tmp_path / "out"),
        pytest.raises(FileExistsError, match="another run is writing to .*out; wait for it"),
    ):
        sweep(fakes(original), clips, tmp_path / "out", measures=QUICK)


@pytest.mark.parametrize(
    ("systems", "given", "message"),
    [
        ([], {}, "a sweep needs systems, got none"),
        (fakes(original, original), {}, 'two systems are named "original"'),
        (fakes(original), {"measures": ["si_sdf"]}, 'no measure named "si_sdf"; nearest: "si_sdr"'),
        (fakes(original), {"words": "whispr"}, 'no recogniser named "whispr"'),
        (fakes(halves), {"words": "hama"}, 'compared with those of "original"; add it'),
        (fakes(original), {"voices": "x"}, 'no embedding named "x"'),
        ([Fake(lambda recording: recording)], {}, "cannot be given to another process .*lambda"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(tmp_path, systems, given, message):
    clips = [write_clip(tmp_path, "a")]
    with pytest.raises(MeasureError, match=message):
        sweep(systems, clips, tmp_path / "out", **{"measures": QUICK, **given})
