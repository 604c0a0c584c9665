"""What a recogniser hears at once: half a minute at most, cut in pauses, each word once."""

import numpy as np
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from vocable.measures import Word
from vocable.speak.prepare.stretches import Stretch
from vocable.speak.prepare.windows import recognise, windows

PARTS = st.lists(st.tuples(st.floats(0.1, 90.0), st.floats(0.2, 20.0)), min_size=1, max_size=30)


def laid_out(parts: list[tuple[float, float]]) -> list[Stretch]:
    found, at = [], 0.3
    for seconds, pause in parts:
        found.append(Stretch(at, at + seconds))
        at += seconds + pause
    return found


@given(PARTS)
def test_windows_are_short_and_all_speech_is_in_one(parts):
    found = laid_out(parts)
    made = windows(found)
    assert all(0 < window.end - window.begin <= 28.01 for window in made)
    assert made[0].first == 0 and made[-1].last == float("inf")
    assert all(a.last == b.first for a, b in zip(made, made[1:], strict=False))
    for each in found:
        for at in np.linspace(each.begin, each.end, 30):
            (own,) = [window for window in made if window.first <= at < window.last]
            assert own.begin <= at + 1e-9 and at - 1e-9 <= own.end


@given(PARTS)
def test_short_speech_is_parted_in_pauses(parts):
    found = laid_out([(min(seconds, 25.9), pause) for seconds, pause in parts])
    for window in windows(found)[1:]:
        assert not any(each.begin < window.first < each.end for each in found)


def test_each_word_comes_once_at_its_time_though_windows_overlap(tmp_path):
    """A recogniser that knows where the words are, and what it hears: the ramp of the samples."""
    rate, seconds = 8000, 100.0
    ramp = np.linspace(0, 1, round(seconds * rate), endpoint=False)
    soundfile.write(tmp_path / "ramp.wav", ramp, rate, subtype="FLOAT")
    every = [Word(t, t + 0.3, f" w{n}", 1.0) for n, t in enumerate(np.arange(0.35, 99.0, 0.4))]

    class Knowing:
        languages = ("xx",)

        def words(self, samples, rate, language):
            begin = samples[0] * seconds
            end = begin + samples.size / rate
            return tuple(w.moved(-begin) for w in every if w.end > begin and w.begin < end)

        def guess(self, samples, rate):
            return None

    shares = []
    speech = [Stretch(0.3, 99.5)]
    found = recognise(tmp_path / "ramp.wav", speech, Knowing(), "xx", shares.append)
    assert [word.text for word in found] == [word.text for word in every]
    times = np.array(
        [[a.begin - b.begin, a.end - b.end] for a, b in zip(found, every, strict=True)]
    )
    assert np.abs(times).max() < 1e-3
    assert shares == sorted(shares) and shares[-1] == 1
