"""What recordings are, which sets are of speech, which measures those get."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluate.sweep.fakes import RATE, write_clip
from vocable.errors import MeasureError
from vocable.evaluate.sweep import chosen
from vocable.evaluate.sweep.chosen import measures_of, version_of
from vocable.evaluate.sweep.clips import look, read_recording, speech_sets
from vocable.measures import REGISTRY, Measure


def test_of_long_recordings_the_first_30_seconds_count(tmp_path):
    noise = np.random.default_rng(0).standard_normal(31 * RATE) * 0.1
    long = write_clip(tmp_path, "long", noise, text="one two")
    exact = write_clip(tmp_path, "exact", noise[: 30 * RATE], text="one two")
    cut, whole = read_recording(long), read_recording(exact)
    assert cut.audio == whole.audio and len(cut.audio) == 30 * RATE
    assert (cut.text, whole.text) == ("", "one two")
    part = replace(long, start=0.5, end=30.75)
    assert read_recording(part).audio.seconds == 30
    assert read_recording(replace(part, end=1.0)).audio.seconds == 0.5


def test_a_recording_is_known_by_its_content(tmp_path, caplog):
    samples = np.random.default_rng(0).standard_normal(RATE) * 0.1
    clips = [write_clip(tmp_path, name, samples) for name in "ab"]
    clips += [replace(clips[0], set="other"), write_clip(tmp_path, "c")]
    with caplog.at_level(logging.WARNING, "vocable"):
        found = look(clips)
    assert [(each.known.name, each.known.set) for each in found] == [
        ("a", "noise"), ("a", "other"), ("c", "noise")]  # fmt: skip
    assert found[0].known.recording == found[1].known.recording != found[2].known.recording
    assert "left out recordings that their set holds already: 1" in caplog.text


def test_sets_are_of_speech_where_most_of_them_are(tmp_path):
    short = np.random.default_rng(0).standard_normal((5, RATE // 4)) * 0.1  # too short to tell
    said = [write_clip(tmp_path, f"said{n}", short[n], language="en", set="x") for n in range(2)]
    other = [write_clip(tmp_path, f"other{n}", short[2 + n], set="x") for n in range(2)]
    noise = write_clip(tmp_path, "noise", language="en", set="y")  # a second, which tells
    found = look([*said, *other, noise])
    assert speech_sets(found) == frozenset()
    assert speech_sets(look([*said, other[0], noise])) == {"x"}


def test_sets_get_the_measures_that_suit_them():
    usual = measures_of(None, ["talk", "music"], frozenset(["talk"]))
    assert {"stoi", "visqol_speech", "f0_cents"} <= set(usual["talk"])
    assert "visqol_audio" in usual["music"] and "stoi" not in usual["music"]
    every = measures_of("all", ["talk", "music"], frozenset(["talk"]))
    here = [name for name in REGISTRY if not chosen._lacks(REGISTRY[name])]
    assert list(every["talk"]) == here and set(usual["talk"]) < set(here)
    assert not {"mcd", "f0_voicing", "dnsmos_ovrl"} & set(every["music"])
    named = measures_of(["stoi", "stoi"], ["talk", "music"], frozenset())
    assert named == {"talk": ("stoi",), "music": ("stoi",)}


def test_measures_of_your_own_join_the_usual_ones(monkeypatch):
    own = Measure("mine", lambda x, y, rate: 1.0, "mine", "", "up", (0.0, 2.0), version="7")
    monkeypatch.setitem(REGISTRY, "mine", own)
    assert "mine" in measures_of(None, ["music"], frozenset())["music"]
    assert version_of("mine") == "7, vocable"


def test_missing_packages_leave_out_what_is_not_named(monkeypatch, caplog):
    away = replace(REGISTRY["stoi"], package="no_such_package")
    monkeypatch.setitem(REGISTRY, "stoi", away)
    with caplog.at_level(logging.WARNING, "vocable"):
        found = measures_of(None, ["talk"], frozenset(["talk"]))
    assert "stoi" not in found["talk"] and "si_sdr" in found["talk"]
    assert 'left out stoi; for them: pip install "vocable[eval]"' in caplog.text
    with pytest.raises(MeasureError, match="stoi needs the package no_such_package: pip install"):
        measures_of(["stoi"], ["talk"], frozenset())


def test_channels_are_mixed_before_anything_is_judged(tmp_path):
    sound = np.random.default_rng(0).standard_normal((RATE, 2)) * 0.1
    clip = write_clip(tmp_path, "two", sound)
    read = read_recording(clip).audio
    assert read.channels == 1
    np.testing.assert_allclose(read.samples[0], sound.mean(axis=1), atol=1e-6)
