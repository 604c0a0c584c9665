"""Words and voices that a sweep keeps, and recordings that are made again to be heard."""

import numpy as np
import pytest

from tests.evaluate.sweep import listeners
from tests.evaluate.sweep.fakes import fakes, halves, late, original, throws, write_clip
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.summary import summarise
from vocable.evaluate.sweep import read_study, sounds, sweep
from vocable.measures import EMBEDDINGS, RECOGNISERS


@pytest.fixture
def listening(monkeypatch):
    monkeypatch.setitem(RECOGNISERS, "ear", listeners.Ear)
    monkeypatch.setitem(EMBEDDINGS, "mind", listeners.Mind)
    return {"words": "ear", "voices": "mind", "prepare": listeners.here}


def test_what_is_heard_is_kept_and_comes_to_errors(tmp_path, listening):
    clips = [write_clip(tmp_path, name, text="loud", speaker=name[0]) for name in ("a1", "a2", "b")]
    clips.append(write_clip(tmp_path, "silent", np.zeros(8000), text="quiet"))
    systems = fakes(original, halves, throws)
    study = sweep(systems, clips, tmp_path / "out", measures=["snr"], **listening)
    assert {each.words["ear"] for each in study.of("original") if each.words} == {"loud"}
    assert {each.words["ear"] for each in study.of("halves") if each.words} == {"quiet"}
    silent = next(each for each in study.of("halves") if each.name == "silent")
    assert silent.words == silent.voice == {} and "is silent" in silent.unscored["ear"]
    (row,) = (each for each in summarise(study).rows if each.system == "halves")
    assert row.words["ear"].decoded.rate == 1 and row.words["ear"].own.rate == 0
    assert row.voices["mind"].similarity.mean == pytest.approx(1, abs=1e-5)
    assert [each.name for each in row.words["ear"].refusals] == ["silent"]
    assert read_study(tmp_path / "out") == study
    again = sweep(systems[:2], clips, tmp_path / "out", measures=["snr"], **listening)
    assert again.results == tuple(each for each in study.results if each.system != "throws")


def test_words_are_asked_of_speech_in_a_language_that_the_recogniser_knows(tmp_path, listening):
    clips = [
        write_clip(tmp_path, "english", text="loud", language="en", set="speech"),
        write_clip(tmp_path, "arabic", text="loud", language="ar", set="speech"),
        write_clip(tmp_path, "hiss"),
    ]
    study = sweep(fakes(original), clips, tmp_path / "out", measures=["snr"], **listening)
    english, arabic, hiss = study.results
    assert english.words == {"ear": "loud"} and english.voice
    assert arabic.words == {} and arabic.unscored["ear"] == "ear knows en, and this is ar"
    assert hiss.words == hiss.voice == {} and "ear" not in hiss.unscored


def test_chosen_recordings_are_made_again_once(tmp_path):
    calls = tmp_path / "calls"
    clips = [write_clip(tmp_path, name) for name in "abc"]
    systems = fakes(original, late, throws, calls=calls)
    out = tmp_path / "out"
    study = sweep(systems, clips, out, measures=["snr"])
    calls.write_text("")
    chosen = [each for each in study.results if each.name != "c" and each.system != "original"]
    found = sounds(study, chosen, systems, clips, out)
    assert sorted(calls.read_text().split("\n")[:-1]) == [
        "a late",
        "a throws",
        "b late",
        "b throws",
    ]
    by_name = {(each.system, each.name): each for each in chosen}
    sound = found.made(by_name["late", "a"])
    assert isinstance(sound, Audio) and len(sound) == 8080
    np.testing.assert_allclose(sound.samples[0, 80:], clips[0].read().samples[0], atol=1e-4)
    assert found.original(by_name["late", "a"].recording) == clips[0].read()
    with pytest.raises(MeasureError, match="does not like b"):
        found.made(by_name["throws", "b"])
    with pytest.raises(MeasureError, match="not what it was"):
        found.original("0a1b")
    calls.write_text("")
    again = sounds(study, chosen[:1], systems, clips, out)
    assert calls.read_text() == "" and again.made(by_name["late", "a"]) == sound
