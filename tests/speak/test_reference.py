"""Recordings that a voice is taken from: what is doubtful about them is said."""

import numpy as np
import pytest

import vocable
from vocable.audio import Audio, Voice
from vocable.speak.reference import doubts

TEXTS = "The birch canoe slid on the smooth planks.", "Two blue fish swam in the tank."


@pytest.fixture(scope="module")
def said():
    """Return two sentences of each of two voices, joined by pauses."""
    model = vocable.load("say-16k")
    pause = np.zeros((1, 8000), np.float32)
    return {
        name: np.concatenate(
            [part for text in TEXTS
             for part in (model.say(text, name, language="en").samples, pause)], 1
        )
        for name in model.voices
    }  # fmt: skip


def doubt(path, samples):
    Audio(samples, 16_000).save(path)
    return doubts(path, Voice.from_recording(path))


def test_one_voice_is_in_no_doubt(said, tmp_path):
    for name, samples in said.items():
        assert doubt(tmp_path / f"{name}.wav", samples) == []
        assert doubt(tmp_path / f"{name}-short.wav", samples[:, :32_000]) == []


def test_two_voices_are_told(said, tmp_path):
    path = tmp_path / "two.wav"
    (line,) = doubt(path, np.concatenate(list(said.values()), 1))
    assert line.startswith(f"{path}: its parts have unlike voices (likeness 0.")


def test_music_is_told(tmp_path):
    time = np.arange(6 * 16_000) / 16_000
    chord = 0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330))
    path = tmp_path / "music.wav"
    assert doubt(path, chord[None].astype(np.float32)) == [
        f"{path}: no speech is found in it; is it music or noise?"
    ]
