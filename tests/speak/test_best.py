"""Of several ways of saying a text the one that is understood best comes first."""

import numpy as np

from vocable.audio import Audio, Voice
from vocable.speak.best import candidates

HEARD = {0: "one three", 1: "one two", 2: "one two", 3: ""}


def say(seed):
    return Audio(np.full((1, 1600), seed / 10), 16_000)


def seed_of(samples):
    return round(10 * float(samples[0]))


def test_words_decide_then_the_voice():
    found = candidates(
        say, range(4), "One, two.", lambda samples, rate: HEARD[seed_of(samples)],
        lambda samples, rate: np.array([np.cos(seed_of(samples)), np.sin(seed_of(samples))]),
        Voice(say(2)),
    )  # fmt: skip
    assert [each.seed for each in found] == [2, 1, 0, 3]
    assert [each.errors for each in found] == [0, 0, 0.5, 1]
    assert found[0].likeness > 0.999 > found[1].likeness


def test_without_a_voice_the_first_that_is_understood():
    found = candidates(say, range(4), "One, two.", lambda x, rate: HEARD[seed_of(x)])
    assert [each.seed for each in found] == [1, 2, 0, 3] and found[0].likeness is None
