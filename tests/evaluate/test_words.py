"""Words before and after decoding: worked rates, what may be claimed, what is left out."""

import numpy as np
import pytest

from tests.evaluate.made_up import RATE, SILENT, recording, sound
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate import Transcribed, Transcripts, transcribe, word_errors
from vocable.measures import character_edits


def heard(name: str, said: str, original: str, decoded: str, owner: str = "") -> Transcripts:
    return Transcripts(name, owner or name, said, original, decoded)


WORKED = Transcribed(
    (
        heard("1", "one two", "one two", "one too"),
        heard("2", "three four five six", "three for five six", "three for five"),
        heard("3", "", "seven eight", "seven"),
    )
)


def test_worked_rates():
    found = word_errors(WORKED)
    assert found.own.rate == 1 / 6 and found.own.scored == 2
    assert found.decoded.rate == 3 / 6 and found.decoded.edits.deletions == 1
    assert found.added.mean == pytest.approx(2 / 6)
    assert found.differential.rate == 3 / 8 and found.differential.scored == 3
    assert found.invented == () and found.refusals == ()


def test_what_is_the_same_adds_nothing():
    same = Transcribed(tuple(heard(str(n), "a b", "a c", "a c") for n in range(4)))
    found = word_errors(same)
    assert found.own.rate == found.decoded.rate == 0.5
    assert found.differential.rate == 0 and found.claim == "no difference"


def test_other_things_than_words_count():
    found = word_errors(Transcribed((heard("1", "abcd", "abcd", "abxd"),)), character_edits)
    assert found.decoded.rate == 0.25


def many(own: float, decoded: float, speakers: int = 30) -> Transcribed:
    """Recordings of 20 words, of which such shares are wrong, a little more or less."""
    random = np.random.default_rng(0)
    said = [f"w{n}" for n in range(20)]

    def wrong(share: float) -> str:
        return " ".join(word if random.random() > share else "x" for word in said)

    return Transcribed(
        tuple(heard(str(n), " ".join(said), wrong(own), wrong(decoded)) for n in range(speakers))
    )


@pytest.mark.parametrize(
    ("own", "decoded", "claim"),
    [
        (0.1, 0.3, "more errors"),
        (0.3, 0.1, "fewer errors"),
        (0.1, 0.1, "no difference"),
    ],
)
def test_a_claim_needs_more_than_the_recognisers_own_interval(own, decoded, claim):
    found = word_errors(many(own, decoded))
    assert found.claim == claim
    assert found.own.interval.low < own < found.own.interval.high


def test_one_speaker_has_no_interval_and_no_claim():
    found = word_errors(
        Transcribed((heard("1", "a b", "a b", "x y"), heard("2", "a", "a", "x", "1")))
    )
    assert np.isnan(found.own.interval.low) and found.claim == "no difference"


def test_without_texts_the_differential_error_is_left():
    found = word_errors(Transcribed((heard("1", "", "a b", "a"), heard("2", "...", "c", "c"))))
    assert found.own is None and found.decoded is None and found.added is None
    assert found.claim is None and found.differential.rate == pytest.approx(1 / 3)


def test_recordings_of_which_nothing_is_heard_are_named():
    found = word_errors(Transcribed((heard("1", "a b", "", "a b"), heard("2", "c", "c", "c"))))
    assert [str(each) for each in found.refusals] == ["1: nothing is heard in it"]
    assert found.differential.scored == 1 and found.own.rate == pytest.approx(2 / 3)
    nothing = word_errors(Transcribed((heard("1", "", "", "a"),)))
    assert nothing.differential is None and nothing.own is None


def test_text_that_was_made_up_is_flagged():
    found = word_errors(Transcribed((heard("1", "a", "a", "b b b"), heard("2", "a b", "a b", "b"))))
    assert found.invented == ("1",)


def loudness(samples: np.ndarray, rate: int) -> str:
    """A recogniser that hears a word for each tenth of a second that is loud."""
    assert samples.dtype == np.float64 and rate == RATE
    pieces = samples[: samples.size // 800 * 800].reshape(-1, 800)
    return " ".join("loud" if piece.std() > 0.05 else "quiet" for piece in pieces)


def test_originals_are_heard_once_for_all_systems():
    asked = []

    def listening(samples: np.ndarray, rate: int) -> str:
        asked.append(samples)
        return loudness(samples, rate)

    def quieter(audio: Audio) -> Audio:
        return Audio(audio.samples * np.float32(0.01), RATE)

    parts = [recording("a", text="loud", speaker="anna"), SILENT, recording("b", audio=sound(0.5))]
    found = transcribe(listening, {"same": lambda audio: audio, "quieter": quieter}, parts)
    assert len(asked) == 2 + 2 * 2
    same, changed = found["same"], found["quieter"]
    first = same.recordings[0]
    assert (first.name, first.owner, first.text) == ("a", "anna", "loud")
    assert first.original == first.decoded
    assert set(changed.recordings[1].decoded.split()) == {"quiet"}
    assert [each.name for each in same.refusals] == ["silent"]
    assert word_errors(same).differential.rate == 0 < word_errors(changed).differential.rate


def test_a_system_that_fails_on_one_recording_is_named():
    def choosy(audio: Audio) -> Audio:
        if len(audio) < RATE:
            raise ValueError("too short")
        return audio

    parts = [recording("a"), recording("b", audio=sound(0.5))]
    found = transcribe(loudness, {"choosy": choosy, "other": lambda audio: audio}, parts)
    assert [str(each) for each in found["choosy"].refusals] == ["b: ValueError: too short"]
    assert [each.name for each in found["choosy"].recordings] == ["a"]
    assert found["other"].refusals == ()
    with pytest.raises(MeasureError, match="no recording could be judged; the first of 1: silent"):
        transcribe(loudness, {}, [SILENT])
