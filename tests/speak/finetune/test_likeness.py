"""How like a voice speech is: cosines, silence, and what any machine has to tell voices apart."""

import numpy as np
import pytest
import torch

import vocable
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import EMBEDDINGS
from vocable.speak.embedding import find_embedding
from vocable.speak.finetune.likeness import Likeness
from vocable.speak.finetune.spoken import Spoken, with_spoken
from vocable.speak.finetune.verdicts import Scores

RATE = 16_000


def sound(*samples: float) -> Audio:
    """Return a short sound whose first two samples are its embedding."""
    return Audio(np.array([[*samples, 0.0]], np.float32), RATE)


def first_two(samples, rate):
    return 3 * samples[:2]


def test_it_is_the_mean_cosine_to_the_mean_of_the_voice():
    likeness = Likeness(first_two, [sound(0.1, 0), sound(0, 0.9)])  # each counts alike
    assert likeness([sound(0.2, 0.2)]) == pytest.approx(1)
    assert likeness([sound(0.2, 0), sound(-0.1, 0.1)]) == pytest.approx(np.sqrt(0.5) / 2)


def test_silence_is_like_nobody():
    likeness = Likeness(first_two, [sound(0.1, 0), sound(0, 0)])
    assert likeness([sound(0.1, 0), sound(0, 0), Audio(np.zeros((1, 0)), RATE)]) == pytest.approx(
        1 / 3
    )


def test_scores_of_what_was_spoken():
    loud, quiet = sound(0.5, 0.5), sound(0.05, 0.05)
    spoken = [Spoken(quiet, loud, True), Spoken(loud, loud, False)]
    scores = with_spoken(Scores(70.0, 0.5), spoken, Likeness(first_two, [loud]))
    assert (scores.bits, scores.end, scores.samples, scores.ended) == (70.0, 0.5, 2, 1)
    assert scores.quieter == pytest.approx(10) and scores.likeness == pytest.approx(1)
    assert with_spoken(scores, [], None) == scores
    assert with_spoken(Scores(70.0), spoken, None).likeness is None


def test_any_machine_tells_two_voices_apart():
    """No package is needed, and no random number is drawn."""
    model = vocable.load("say-16k")
    said = {
        name: [model.say(text, name) for text in ("Two blue fish swam.", "Guten Morgen, du.")]
        for name in ("kathleen", "kerstin")
    }
    before = torch.get_rng_state()
    likeness = Likeness(find_embedding("say-16k"), said["kathleen"][:1])
    assert likeness(said["kathleen"][1:]) > likeness(said["kerstin"]) + 0.1
    assert torch.equal(torch.get_rng_state(), before)


def test_others_are_found_by_name(monkeypatch):
    monkeypatch.setitem(EMBEDDINGS, "first-two", lambda: first_two)
    assert find_embedding("first-two") is first_two
    message = '^no embedding named "say16"; nearest: "say-16k"$'
    with pytest.raises(MeasureError, match=message):
        find_embedding("say16")
