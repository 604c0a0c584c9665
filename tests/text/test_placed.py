"""Symbols are found in time, by how well each phone fits each moment."""

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.text.phones import SYMBOLS
from vocable.text.placed import SILENCE, placed
from vocable.text.spoken import spoken


def heard(spans, seed=0):
    """Return scores in which each span `phone:hops`, `_` for silence, is the likeliest by 2."""
    random = np.random.default_rng(seed)
    names = [name for name, count in spans for _ in range(count)]
    scores = random.normal(size=(len(names), len(SYMBOLS)))
    scores[np.arange(len(names)), [SYMBOLS.index(name) for name in names]] += 8
    return scores


def spans(text):
    return [(name, int(count)) for name, _, count in (each.partition(":") for each in text.split())]


def read(found):
    pairs = zip(found.spoken.names, found.durations, strict=True)
    return " ".join(f"{name}:{count}" for name, count in pairs)


def test_phones_and_silences_are_found():
    sound = heard(spans("_:12 dh:4 ah:7 _:9 k:8 ae:10 t:6 _:15 y:5 eh:9 s:12 _:20"))
    found = placed(spoken("The cat, yes."), sound)
    assert read(found.timed) == ("^:12 dh:4 ah:7 _:9 k:8 ae:10 t:6 ,:15 y:5 eh:9 s:12 .:20")
    assert found.timed.durations.sum() == len(sound)
    assert found.timed.spoken.rows[3].tolist() == [SILENCE, 0, 0]


def test_silence_may_be_missing_everywhere():
    sound = heard(spans("dh:4 ah:7 k:8 ae:10 t:6 y:5 eh:9 s:12"))
    assert read(placed(spoken("The cat, yes."), sound).timed) == (
        "^:0 dh:4 ah:7 k:8 ae:10 t:6 ,:0 y:5 eh:9 s:12 .:0"
    )


def test_the_path_is_the_best_of_all():
    random = np.random.default_rng(3)
    scores = random.normal(size=(9, len(SYMBOLS)))
    text = spoken("I owe.")  # two words of a phone each
    found = placed(text, scores)
    ay, ow = SYMBOLS.index("ay"), SYMBOLS.index("ow")

    def total(before, first, pause, second, after):
        columns = [SILENCE] * before + [ay] * first + [SILENCE] * pause + [ow] * second
        columns += [SILENCE] * after
        return scores[np.arange(9), columns].sum()

    silences = (0, *range(3, 10))
    every = [
        total(before, first, pause, 9 - before - first - pause - after, after)
        for before in silences
        for pause in silences
        for after in silences
        for first in range(2, 9)
        if 9 - before - first - pause - after >= 2
    ]
    assert found.score * 9 == pytest.approx(max(every), abs=1e-4)


def test_text_that_fits_has_the_higher_score():
    sound = heard(spans("_:12 dh:4 ah:7 k:8 ae:10 t:6 _:20"))
    assert placed(spoken("The cat."), sound).score > placed(spoken("A dog."), sound).score + 2


def test_a_recording_too_short_for_its_text():
    with pytest.raises(MeasureError, match="7 hops are too few for 5 phones"):
        placed(spoken("The cat."), heard(spans("_:7")))
