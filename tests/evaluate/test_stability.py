"""Stability: worked shares, laws of what tokens may not depend on, reasons of what fails."""

import numpy as np
import pytest

from tests.evaluate.made_up import FRAME, RATE, SILENT, SPEC, Steps, recording, sound, tiny
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate import (
    add_noise,
    amplify,
    delay_by,
    reencode,
    stability,
    usual_disturbances,
)
from vocable.tokens import AudioTokens


def shares(disturbance, *recordings, tokenizer=None):
    found = stability(tokenizer or Steps(), recordings or [recording()], {"it": disturbance})
    return found.shares["it"]


def test_what_changes_nothing_leaves_all_tokens():
    assert shares(lambda audio: audio).tolist() == [1.0, 1.0]
    assert shares(amplify(0.0)).tolist() == [1.0, 1.0]
    assert shares(delay_by(0.0)).tolist() == [1.0, 1.0]


def test_a_worked_example():
    """Two frames of three change their loudness by a step, one its mean; over two recordings."""
    samples = np.zeros(3 * FRAME, np.float32)
    samples[::2], samples[1::2] = 0.25, -0.25
    audio = Audio(samples, RATE)

    def disturb(audio: Audio) -> Audio:
        changed = audio.samples.copy()
        changed[0, : 2 * FRAME] *= 2
        changed[0, 2 * FRAME :] += 0.01
        return Audio(changed, RATE)

    found = stability(
        Steps(), [recording(audio=audio), recording("b", audio=audio)], {"it": disturb}
    )
    assert found.shares["it"] == pytest.approx([1 / 3, 2 / 3])
    assert found.tokens.tolist() == [6, 6] and found.scored == 2 and found.refusals == ()
    assert found.chance.tolist() == [1.0, 1.0]


def test_noise_is_as_loud_as_it_says_and_costs_more_the_louder():
    audio = sound()
    added = add_noise(20)(audio).samples.astype(np.float64) - audio.samples
    ratio = np.mean(np.square(audio.samples, dtype=np.float64)) / np.mean(added**2)
    assert 10 * np.log10(ratio) == pytest.approx(20, abs=0.2)
    assert add_noise(20)(audio) == add_noise(20)(audio) != add_noise(20, seed=1)(audio)
    kept = [shares(add_noise(snr))[1] for snr in (60, 40, 20, 0)]
    assert kept == sorted(kept, reverse=True) and kept[0] > 0.9 > kept[-1]


def test_six_decibels_move_every_step_by_one():
    assert shares(amplify(20 * np.log10(2)))[0] == 0


def test_a_delay_by_whole_frames_moves_the_tokens():
    audio, tokenizer = sound(), Steps()
    before, after = (tokenizer.encode(each) for each in (audio, delay_by(0.02)(audio)))
    assert np.array_equal(after.stacks[1][:, 2:], before.stacks[1][:, :-2])
    assert len(delay_by(0.002)(audio)) == len(audio)
    assert not delay_by(0.002)(audio).samples[0, :16].any()


def test_encoding_again_is_the_round_trip_so_many_times():
    class Counted(Steps):
        rounds = 0

        def decode(self, tokens: AudioTokens) -> Audio:
            self.rounds += 1
            return super().decode(tokens)

    codec, audio = Counted(), sound()
    assert reencode(codec, 3)(audio) == Steps().decode(codec.encode(reencode(codec, 2)(audio)))
    assert codec.rounds == 5
    assert shares(reencode(codec))[0] == 1.0


def test_chance_is_what_unrelated_recordings_share():
    parts = [recording(str(n), audio=sound(4.0, seed=n)) for n in range(3)]
    found = stability(Steps(), parts, {"another": lambda audio: sound(4.0, seed=77)})
    assert found.shares["another"] == pytest.approx(found.chance, abs=0.05)
    assert found.chance[0] > 0.1


def test_every_channel_counts():
    stereo = Audio(np.stack([sound().samples[0], sound(seed=1).samples[0]]), RATE)
    found = stability(Steps(), [recording(audio=stereo)], {"it": lambda audio: audio})
    assert found.tokens.tolist() == [200, 200]


def test_the_usual_disturbances_include_encoding_again_where_it_decodes():
    class Units:
        def encode(self, source: Audio) -> AudioTokens:
            return Steps().encode(source)

    usual, units = usual_disturbances(Steps()), usual_disturbances(Units())
    assert [name for name in usual if name not in units] == ["encoded 2 times", "encoded 4 times"]
    assert list(stability(Units(), [recording()]).shares) == list(units)


def test_codecs_of_the_library_are_taken_as_they_are():
    codec = tiny("plain")
    found = stability(codec, [recording()], {"nothing": lambda audio: audio, "more": amplify(6)})
    assert found.shares["nothing"].tolist() == [1, 1, 1]
    assert (found.shares["more"] < 1).any()


def test_what_fails_is_named_and_the_others_are_judged():
    class Broken(Steps):
        def encode(self, source: Audio) -> AudioTokens:
            if len(source) == RATE:
                raise RuntimeError("no luck\ntoday")
            return super().encode(source)

    parts = [recording("bad"), SILENT, recording("good", audio=sound(0.5))]
    found = stability(Broken(), parts, {"it": lambda audio: audio})
    assert found.scored == 1
    assert [str(each) for each in found.refusals] == [
        "bad: RuntimeError: no luck",
        "silent: recording is silent (mean power below -100 dB of full scale)",
    ]


def test_a_disturbance_that_changes_the_length_is_refused():
    short = Audio(sound(0.5).samples, RATE)
    with pytest.raises(MeasureError, match=r"no recording .* a: it: tokens are .* keeps the rec"):
        stability(Steps(), [recording()], {"it": lambda audio: short})


def test_nothing_to_judge_is_refused():
    with pytest.raises(MeasureError, match="^no recording could be judged$"):
        stability(Steps(), [])
    with pytest.raises(MeasureError, match="judged; the first of 1: silent: "):
        stability(Steps(), [SILENT])
    assert SPEC.levels[0].size == 16
