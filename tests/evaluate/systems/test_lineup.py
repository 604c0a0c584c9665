"""Systems for speech and for other sound: who judges what, under which name."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluate.sweep.fakes import RATE, Fake, fakes, halves, late, original, rough, write_clip
from vocable.errors import MeasureError
from vocable.evaluate.sweep import sweep
from vocable.evaluate.systems.lineup import LineUp

ONE, TWO = Fake(halves, named="point 1"), Fake(rough, named="point 1")


def chosen(speech: bool) -> list[Fake]:
    return [*fakes(original), ONE, *fakes(late)] if speech else [*fakes(original), TWO]


def test_places_and_names():
    line_up = LineUp.of(chosen)
    assert line_up.names() == (("original", "control"), ("point 1", "fake"), ("late", "fake"))
    assert line_up.every[line_up.place("point 1", True)] == ONE
    assert line_up.every[line_up.place("point 1", False)] == TWO
    assert line_up.place("late", False) is None
    same = LineUp.of(fakes(original, halves))
    assert same.every[same.place("halves", False)].make is halves


def test_families_stay_together():
    systems = [Fake(halves, named="a"), *fakes(original), Fake(rough, named="b")]
    names = [name for name, _ in LineUp.of(systems).names()]
    assert names == ["a", "b", "original"]


def test_either_side_needs_systems():
    with pytest.raises(MeasureError, match="a sweep needs systems, got none"):
        LineUp.of(lambda speech: fakes(original) if speech else [])


def test_each_set_is_judged_by_its_own(tmp_path):
    short = np.random.default_rng(0).standard_normal((2, RATE // 2)) * 0.1
    said = replace(write_clip(tmp_path, "said", short[0]), set="talk", language="en")
    noise = write_clip(tmp_path, "noise", short[1])
    study = sweep(chosen, [said, noise], tmp_path / "out", measures=["snr"])
    assert study.speech == {"talk"}
    assert [each.system for each in study.of(of_set="talk")] == ["original", "point 1", "late"]
    assert [each.system for each in study.of(of_set="noise")] == ["original", "point 1"]
    talk, other = study.of("point 1")
    assert talk.scores["snr"] == pytest.approx(6.02, abs=0.01) and other.scores["snr"] > 15
