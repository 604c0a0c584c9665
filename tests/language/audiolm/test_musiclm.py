"""AudioLM's stages with a condition: given alone or with a recording, kept, and refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.audiolm.test_audiolm import Codec, generated, stage
from tests.language.stages.toys import CODEC, LIKE, like, some_tracks
from vocable import Audio
from vocable.errors import ModelError
from vocable.language.audiolm import AudioLM
from vocable.language.sampling import Sampling
from vocable.language.stages import StageGenerator

SOUND = Audio(np.full(800, 0.5, np.float32), 16_000)


class Heard:
    """Conditions by the peak of a recording, and by the length of a text."""

    spec = LIKE

    def __init__(self, reads_text=True):
        self.reads_text = reads_text

    def of_sound(self, source):
        return like(int(4 * float(np.abs(source.samples).max())))

    def of_text(self, text):
        if not self.reads_text:
            raise ModelError("reads no texts")
        return like(len(text) % 4)


class Mixed(Codec):
    """A codec that takes any sound for ten frames of noise."""

    def encode(self, source, *, mix=False):
        found = some_tracks(10)
        return {name: found[name] for name in ("semantic", "acoustic")}


def told(conditions=None, codec=None):
    names = {"semantic": "semantic, told", "coarse": "coarse, told", "fine": "fine"}
    codec = codec or Codec()
    return AudioLM(
        "toy", {k: stage(v) for k, v in names.items()}, codec, codec, conditions or Heard()
    ), codec


def test_a_text_or_a_recording_says_what_it_is_like():
    made, _ = told()
    assert made.describe("abc")["condition"] == like(3)
    assert made.like(SOUND)["condition"] == like(2)
    assert made.abilities.text == "a description"
    assert told(Heard(reads_text=False))[0].abilities.text == "none"
    frames = generated(made, made.describe("abc"), seconds=0.4, seed=1)
    assert len(frames) == 10
    assert np.array_equal(frames, generated(made, {"condition": like(3)}, seconds=0.4, seed=1))
    other = generated(made, made.describe("ab"), seconds=0.4, seed=1)
    assert not np.array_equal(frames, other)
    whole = made.joined(made.describe("abc"), frames)
    assert whole.frames == 10 and whole.spec == CODEC


def test_a_recording_goes_on_as_it_is_itself():
    made, _ = told(codec=Mixed())
    begin = made.hear(SOUND)
    assert set(begin) == {"semantic", "acoustic", "condition"} and begin["condition"] == like(2)
    freely = dict.fromkeys(("semantic", "coarse", "fine"), Sampling(temperature=3.0))
    one, other = (
        generated(made, {**begin, "condition": each}, seconds=1.0, seed=1, sampling=freely)
        for each in (begin["condition"], like(0, 3, 3))
    )
    assert made.joined(begin, one)[:10] == begin["acoustic"]
    assert not np.array_equal(one, other)


def test_it_is_kept_however_long_the_sound_grows(monkeypatch):
    made, codec = told()
    given = []
    write = StageGenerator.write

    def kept(self, tracks, *arguments, **options):
        if self.network.config.condition:
            given.append(tracks["condition"])
        return write(self, tracks, *arguments, **options)

    monkeypatch.setattr(StageGenerator, "write", kept)
    for begin in ({"condition": like(3)}, {**some_tracks(90), "condition": like(3)}):
        frames = generated(made, begin, seconds=5.0)
        assert len(frames) == 125
    assert len(codec.heard) > 2 and len(given) > 8 and all(each == like(3) for each in given)


def test_what_is_missing_is_said():
    made, codec = told()
    for begin in (None, {"acoustic": some_tracks(5)["acoustic"]}):
        with pytest.raises(ModelError, match="toy reads what its sound is to be like; give it a t"):
            made.generate(begin)
    plain = AudioLM("plain", {k: stage(k) for k in ("semantic", "coarse", "fine")}, codec, codec)
    for ask in (lambda: plain.describe("abc"), lambda: plain.like(SOUND)):
        with pytest.raises(ModelError, match="plain was trained without a condition, and takes"):
            ask()
    with pytest.raises(ModelError, match="reads a condition of like@1:0a; here is none"):
        names = {"semantic": "semantic, told", "coarse": "coarse", "fine": "fine"}
        AudioLM("half", {k: stage(v) for k, v in names.items()}, codec, codec)
    with pytest.raises(ModelError, match="reads no texts"):
        told(Heard(reads_text=False))[0].describe("abc")
