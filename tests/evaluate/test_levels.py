"""What levels carry: a codec whose levels are known, donors, missing scores, refusals."""

import math

import numpy as np
import pytest

from tests.evaluate.made_up import FRAME, RATE, SILENT, Steps, recording, sound, tiny
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate import what_levels_carry
from vocable.evaluate.levels import with_level
from vocable.measures import Measure
from vocable.tokens import AudioTokens


def measure(name: str, function) -> Measure:
    limits = (-math.inf, math.inf)
    return Measure(name, function, about="", unit="", direction="up", range=limits)


def likeness(x: np.ndarray, y: np.ndarray) -> float:
    """Return how near the loudness of frames is, in dB below 0."""
    loud = [20 * np.log10(each.reshape(-1, FRAME).std(1) + 1e-6) for each in (x, y)]
    return -float(np.abs(loud[0] - loud[1]).mean())


LOUDNESS = measure("loudness", lambda x, y, rate: likeness(x, y))
OFFSET = measure("offset", lambda x, y, rate: -abs(float(np.mean(x) - np.mean(y))))


def moved(seed: int, offset: float, speaker: str = ""):
    audio = Audio(sound(seed=seed).samples + np.float32(offset), RATE)
    return recording(str(seed), audio=audio, speaker=speaker)


RECORDINGS = [moved(1, 0.3, "anna"), moved(2, -0.2, "ben"), moved(3, 0.1, "anna")]


@pytest.fixture(scope="module")
def rows():
    found = what_levels_carry(Steps(), RECORDINGS, [LOUDNESS, OFFSET])
    assert found.refusals == ()
    return {(row.measure, row.level, row.change): row for row in found.rows}


def test_each_level_is_dropped_and_swapped_for_each_measure(rows):
    assert len(rows) == 2 * 2 * 2
    assert all((row.scored, row.asked) == (3, 3) for row in rows.values())


@pytest.mark.parametrize("change", ["dropped", "swapped"])
def test_a_level_costs_what_it_carries_and_no_other(rows, change):
    assert rows["loudness", 0, change].intact > -2
    assert rows["loudness", 0, change].gain.high < -1
    assert abs(rows["loudness", 1, change].gain.mean) < 0.1
    assert rows["offset", 1, change].gain.mean < -0.05
    assert abs(rows["offset", 0, change].gain.mean) < 0.01


def test_dropping_sets_the_commonest_token_of_the_recordings():
    heard = []

    class Listening(Steps):
        def decode(self, tokens: AudioTokens) -> Audio:
            heard.append(tokens)
            return super().decode(tokens)

    what_levels_carry(Listening(), RECORDINGS, [OFFSET])
    encoded = [Steps().encode(each.audio) for each in RECORDINGS]
    everything = np.concatenate([each.stacks[0][0] for each in encoded])
    assert heard[0] == encoded[0]
    assert set(heard[1].stacks[0].ravel()) == {np.bincount(everything).argmax()}
    assert np.array_equal(heard[1].stacks[1], encoded[0].stacks[1])
    assert len(heard) == 3 * 5


def test_swapped_levels_come_from_another_speaker_and_are_as_long_as_needed():
    heard = []

    class Listening(Steps):
        def decode(self, tokens: AudioTokens) -> Audio:
            heard.append(tokens.stacks[1][0])
            return super().decode(tokens)

    brief = recording("brief", audio=sound(0.3, seed=9), speaker="ben")
    parts = [RECORDINGS[0], RECORDINGS[2], brief]
    what_levels_carry(Listening(), parts, [OFFSET])
    own = [Steps().encode(each.audio).stacks[1][0] for each in parts]
    assert np.array_equal(heard[4], np.resize(own[2], 100))  # not of the next, who is anna too
    assert np.array_equal(heard[14], own[0][:30])


def test_a_codec_that_ignores_a_level_shows_no_change():
    class Deaf(Steps):
        def decode(self, tokens: AudioTokens) -> Audio:
            return super().decode(tokens.first(1))

    found = what_levels_carry(Deaf(), RECORDINGS, [OFFSET, LOUDNESS])
    ignored = [row for row in found.rows if row.level == 1]
    assert len(ignored) == 4 and all(row.gain.low == row.gain.high == 0 for row in ignored)


def test_the_delay_of_a_codec_is_that_of_what_is_intact():
    """Swapped levels may be like another stretch of the recording; they are compared in place."""
    seen = []

    def note(x: np.ndarray, y: np.ndarray, rate: int) -> float:
        seen.append(x.size)
        return 0.0

    class Late(Steps):
        def decode(self, tokens: AudioTokens) -> Audio:
            known = {each.stacks[1].tobytes(): one for one, each in self.pairs}
            if (one := known.get(tokens.stacks[1].tobytes())) is not None:
                return Audio(np.pad(one.samples, ((0, 0), (80, 0)))[:, : len(one)], RATE)
            return Audio(np.roll(RECORDINGS[0].audio.samples, 4000, 1), RATE)

    codec = Late()
    codec.pairs = [(one.audio, Steps().encode(one.audio)) for one in RECORDINGS]
    found = what_levels_carry(codec, RECORDINGS, [measure("note", note)])
    assert set(seen) == {RATE - 80} and found.refusals == ()


@pytest.mark.parametrize("kind", ["plain", "three-rates", "segments", "item"])
def test_codecs_of_the_library_are_taken_as_they_are(kind):
    codec = tiny(kind)
    parts = [
        recording(name, audio=Audio(np.repeat(sound(0.4, seed=n).samples, codec.channels, 0), RATE))
        for n, name in enumerate("ab")
    ]
    found = what_levels_carry(codec, parts, ["mel_distance_dac"])
    assert len(found.rows) == 6 and not found.refusals
    assert all(row.scored == 2 for row in found.rows)


def test_one_level_changes_alone():
    tokens = Steps().encode(sound())
    codes = np.zeros_like(tokens.stacks[0])
    changed = with_level(tokens, 0, codes)
    assert np.array_equal(changed.stacks[0], codes)
    assert np.array_equal(changed.stacks[1], tokens.stacks[1])
    assert changed.source == tokens.source


def test_scores_that_are_missing_are_counted_and_named_once():
    def choosy(x: np.ndarray, y: np.ndarray, rate: int) -> float:
        if x.mean() < 0:
            raise MeasureError("too deep")
        return 1.0

    found = what_levels_carry(Steps(), [*RECORDINGS, SILENT], [measure("choosy", choosy)])
    assert [str(each) for each in found.refusals] == [
        "silent: recording is silent (mean power below -100 dB of full scale)",
        "2: too deep",
    ]
    assert {(row.scored, row.asked) for row in found.rows} == {(2, 3)}


def test_a_codec_that_cannot_decode_is_named():
    class Broken(Steps):
        def decode(self, tokens: AudioTokens) -> Audio:
            raise RuntimeError("out of order")

    found = what_levels_carry(Broken(), RECORDINGS, [OFFSET])
    assert found.rows == () and len(found.refusals) == 3
    assert str(found.refusals[0]) == "1: RuntimeError: out of order"


def test_too_few_recordings_and_unknown_measures_are_refused():
    with pytest.raises(MeasureError, match="needs two recordings or more, got one"):
        what_levels_carry(Steps(), [RECORDINGS[0]], [OFFSET])
    with pytest.raises(MeasureError, match="no recording could be judged"):
        what_levels_carry(Steps(), [], [OFFSET])
    with pytest.raises(MeasureError, match='no measure named "ofset"'):
        what_levels_carry(Steps(), RECORDINGS, ["ofset"])
