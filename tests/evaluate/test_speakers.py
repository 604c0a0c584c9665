"""Voices before and after: a made-up embedding, floors and ceilings, intervals over speakers."""

import numpy as np
import pytest

from tests.evaluate.made_up import RATE, SILENT, recording
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate import verify, voices_kept

PITCH = {"anna": 200, "ben": 400, "carl": 800}  # Hz, as made-up voices have


def speech(name: str, speaker: str, seed: int):
    time = np.arange(RATE) / RATE
    hiss = np.random.default_rng(seed).standard_normal(RATE) * 0.01
    samples = 0.3 * np.sin(2 * np.pi * PITCH[speaker] * time) + hiss
    return recording(name, audio=Audio(samples.astype(np.float32), RATE), speaker=speaker)


def embed(samples: np.ndarray, rate: int) -> np.ndarray:
    """How much sound there is in eight bands."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return np.sqrt([part.sum() for part in np.array_split(power[: rate // 8 * 2], 16)])


RECORDINGS = [speech(f"{who}{n}", who, 10 * k + n) for k, who in enumerate(PITCH) for n in range(3)]


def same(audio: Audio) -> Audio:
    return audio


def muffled(audio: Audio) -> Audio:
    """Everybody sounds like one."""
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(len(audio)) / RATE)
    return Audio(audio.samples * np.float32(0.02) + tone.astype(np.float32), RATE)


def test_voices_that_stay_have_the_similarity_of_themselves():
    found = voices_kept(embed, {"same": same}, RECORDINGS)
    kept = found.systems["same"]
    assert kept.similarity.mean == pytest.approx(1) and kept.scored == 9
    assert kept.verification.rate == found.own.rate == 0
    assert found.own.different < 0.3 < 0.9 < found.own.same
    assert found.own.trials == 9 * 8


def test_voices_that_become_one_are_confused():
    found = voices_kept(embed, {"muffled": muffled}, RECORDINGS)
    kept = found.systems["muffled"]
    assert kept.similarity.mean < 0.7 and kept.similarity.low < kept.similarity.mean
    assert kept.verification.rate > 0.3 > found.own.rate


def test_an_embedding_that_knows_nobody_is_at_chance():
    random = np.random.default_rng(0)
    found = voices_kept(lambda samples, rate: random.standard_normal(64), {}, RECORDINGS * 3)
    assert found.own.rate == pytest.approx(0.5, abs=0.1)
    assert found.own.interval.low < found.own.rate < found.own.interval.high
    assert found.systems == {}


def test_speakers_are_drawn_whole():
    """One speaker of four is confused: the interval is wide, however many recordings there are."""
    random = np.random.default_rng(0)
    names = np.repeat(list("abcd"), 20)
    vectors = np.eye(4)["abcd".index("a") : 4].repeat(20, axis=0) + 0.0
    vectors[60:] = random.standard_normal((20, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = verify(vectors, vectors, names.tolist())
    assert found.interval.low == 0 and found.interval.high > found.rate > 0
    assert found == verify(vectors, vectors, names.tolist())


def test_trials_are_all_pairs_but_a_recording_with_itself():
    enrolled, tested = np.eye(3), np.array([[1.0, 0, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
    found = verify(enrolled, tested, ["a", "a", "b"])
    assert found.trials == 6 and found.same == pytest.approx((0.6 + 0) / 2)
    assert found.different == 0


@pytest.mark.parametrize("speakers", [["a", "a"], ["a", "b"], ["a"]])
def test_without_both_kinds_of_trials_there_is_no_rate(speakers):
    vectors = np.eye(3)[: len(speakers)]
    assert verify(vectors, vectors, speakers) is None


def test_what_fails_is_named():
    def choosy(audio: Audio) -> Audio:
        if audio == RECORDINGS[0].audio:
            raise RuntimeError("not this one")
        return SILENT.audio if audio == RECORDINGS[1].audio else audio

    found = voices_kept(embed, {"choosy": choosy, "same": same}, [SILENT, *RECORDINGS])
    assert [str(each) for each in found.systems["choosy"].refusals] == [
        "silent: recording is silent (mean power below -100 dB of full scale)",
        "anna0: RuntimeError: not this one",
        "anna1: decoded recording is silent (mean power below -100 dB of full scale)",
    ]
    assert found.systems["choosy"].scored == 7 and found.systems["same"].scored == 9
    with pytest.raises(MeasureError, match="first of 3: a: an embedding must be finite numbers"):
        voices_kept(lambda x, r: np.zeros(3), {}, [recording(n) for n in "abc"])
