"""PESQ is not asked about more utterances than its tables hold; the count is never too low."""

import numpy as np
import pytest

from tests.measures.signals import RATE
from vocable.errors import MeasureError
from vocable.measures import pesq, score_all, speech
from vocable.measures.utterances import most_utterances


def words(count: int, seconds: float = 0.3, pause: float = 0.25, rumble: float = 0.0):
    """Return so many bursts of a 1 kHz tone, each with a pause after it, over a 40 Hz tone."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound, silence = np.sin(2 * np.pi * 1000 * time), np.zeros(round(pause * RATE))
    x = np.tile(np.concatenate([sound, silence]), count)
    return x + rumble * np.sin(2 * np.pi * 40 * np.arange(x.size) / RATE)


@pytest.mark.parametrize(
    ("seconds", "pause", "of_twelve"),
    [(0.3, 0.25, 12), (0.12, 0.25, 0), (0.3, 0.15, 1), (0.012, 0.25, 0)],
    ids=["words", "too short", "joined", "clicks"],
)
def test_words_are_counted_as_the_standard_cuts_them(seconds, pause, of_twelve):
    assert most_utterances(words(12, seconds, pause), RATE) == of_twelve


def test_a_telephones_rate_has_the_same_words():
    assert most_utterances(words(12)[::2], RATE // 2) == 12


def test_rumble_hides_no_words():
    assert most_utterances(words(12, rumble=0.5), RATE) == 12


def test_a_quiet_half_is_counted_too():
    x = np.concatenate([words(6), 0.02 * words(6)])
    assert most_utterances(x, RATE) == 12


def test_no_19_seconds_hold_more_than_the_tables():
    frames = np.zeros(round(speech.PESQ_SURE * RATE) // 64)
    for start in range(0, frames.size, 97):  # the shortest word and the shortest pause
        frames[start : start + 46] = 1
    assert most_utterances(np.repeat(frames, 64), RATE) <= 49


@pytest.fixture
def small_tables(monkeypatch):
    """Say that ten utterances are too many: nothing here may crash the package itself."""
    monkeypatch.setattr(speech, "PESQ_UTTERANCES", 10)
    monkeypatch.setattr(speech, "PESQ_SURE", 4.0)


def test_more_words_than_it_holds_are_a_reason_and_the_rest_is_scored(small_tables):
    pytest.importorskip("pesq")
    x = words(12)
    with pytest.raises(MeasureError, match=r"got up to 12 in 6.60 s .*score pieces of at most 4 s"):
        pesq(x, x, RATE)
    scores, unscored = score_all(["pesq_wb", "si_sdr"], x, x, RATE)
    assert list(scores) == ["si_sdr"] and list(unscored) == ["pesq_wb"]


@pytest.mark.parametrize("count", [9, 7])
def test_as_many_as_it_holds_are_scored(small_tables, count):
    pytest.importorskip("pesq")
    x = words(count)
    assert pesq(x, x, RATE) == pytest.approx(4.64, abs=0.01)
