"""Units that follow the phones tell them, those of speakers do not, and both are said so."""

import json

import numpy as np
import pytest
import soundfile

from vocable.audio import Audio
from vocable.audio.manifest import read_manifest
from vocable.errors import MeasureError
from vocable.evaluate.leakage import speakers_told
from vocable.evaluate.recording import Recording
from vocable.evaluate.units import judge_units
from vocable.tokens import AudioTokens, Level, TokenSpec

RATE, FRAME = 8000, 160  # 20 ms
PHONES = {"a": 0.1, "e": 0.3, "i": 0.8}
SPEC = TokenSpec("made-up@1:0a", RATE, FRAME, 1, (Level(16, role="semantic"),), (1,), window=200)


class ByLoudness:
    """A unit for each loudness of a frame, which is the phone; or for its speaker, by the sign."""

    def __init__(self, what):
        self.what = what

    def encode(self, source):
        samples = source.samples[0]
        frames = SPEC.frames(len(samples))
        means = [samples[k * FRAME : k * FRAME + 100] for k in range(frames)]
        if self.what == "phones":
            codes = [round(10 * float(np.abs(each).mean())) for each in means]
        else:
            codes = [
                int(8 * (1 + each.mean() / max(np.abs(each).mean(), 1e-9))) % 16 for each in means
            ]
        return AudioTokens(SPEC, [np.array([codes], int).reshape(1, -1)])


def said(phones, shift, seed):
    """60 ms a phone, and the rest of a window; the share of positive samples is the speaker's."""
    random = np.random.default_rng(seed)
    loudness = np.repeat([PHONES[phone] for phone in phones], 480)
    samples = np.r_[loudness, np.full(40, loudness[-1])]
    samples *= np.where(random.random(samples.size) < shift, 1.0, -1.0)
    spans = tuple((0.06 * k, 0.06 * (k + 1), phone) for k, phone in enumerate(phones))
    return samples.astype(np.float32), spans


def recordings(times=1):
    found = []
    for speaker, shift in (("p", 0.1), ("q", 0.5), ("r", 0.9)):
        for k, phones in enumerate(("aeiaei", "eiaiea", "iaeeai") * times):
            samples, spans = said(phones, shift, seed=k)
            found.append(Recording(f"{speaker}{k}", Audio(samples, RATE), speaker, phones=spans))
    return found


def test_units_of_phones_tell_all_of_them():
    found = judge_units("made-up", ByLoudness("phones"), recordings())
    assert found.pnmi.mean == found.phone_purity.mean == found.cluster_purity.mean == 1
    assert (found.pnmi.low, found.pnmi.high) == (1, 1) and found.chance < 0.2
    assert set(found.abx) == {
        *("whole within", "whole across", "libri-light within", "libri-light across"),
    }
    assert all(score.error == 0 for score in found.abx.values()) and not found.abx_features
    assert found.units == pytest.approx(50) and found.scored == 9 and found.size == 16
    # 18 frames of 6 phones; in the third of three recordings two neighbours are the same phone.
    assert found.pieces == pytest.approx(50 * (6 + 6 + 5) / (3 * 18))


def test_units_of_speakers_tell_no_phone():
    found = judge_units("made-up", ByLoudness("speakers"), recordings())
    assert found.pnmi.low < found.pnmi.mean < found.pnmi.high < 0.3
    assert found.abx["whole across"].error > 0.2


def test_features_are_judged_beside_the_units():
    def loudness(audio):
        codes = ByLoudness("phones").encode(audio).stacks[0][0]
        return np.eye(16)[codes]

    found = judge_units("made-up", ByLoudness("speakers"), recordings(), features=loudness)
    assert found.abx_features["whole across"].error == 0 < found.abx["whole across"].error


def test_one_slicing_loses_the_last_frame_of_a_phone():
    """Here the last frame of each phone is the only one that tells it."""

    class Last(ByLoudness):
        def encode(self, source):
            codes = super().encode(source).stacks[0][0].copy()
            codes[np.arange(len(codes)) % 3 != 2] = 0
            return AudioTokens(SPEC, [codes[None]])

    found = judge_units("made-up", Last("phones"), recordings())
    assert found.abx["whole within"].error == 0
    assert found.abx["libri-light within"].error == 0.5


def test_labels_left_out_count_in_one_figure_only():
    """The units are "a" and not "a": without "a" they say nothing."""

    class OnlyA(ByLoudness):
        def encode(self, source):
            codes = super().encode(source).stacks[0]
            return AudioTokens(SPEC, [(codes == 1).astype(int)])

    every, fewer = (
        judge_units("made-up", OnlyA("phones"), recordings(), without=without, most=0)
        for without in ((), ("a",))
    )
    assert fewer.frames < every.frames and fewer.pnmi.mean == pytest.approx(0, abs=1e-12)
    assert fewer.pnmi_of_all == every.pnmi == every.pnmi_of_all
    assert every.pnmi.mean > 0.5 and not every.abx


def test_triphones_are_judged_where_there_are_enough_pairs(monkeypatch):
    """Nine recordings of six phones: a few pairs."""
    assert not any(
        "triphone" in how for how in judge_units("", ByLoudness("phones"), recordings()).abx
    )
    monkeypatch.setattr("vocable.evaluate.units.ENOUGH", 1)
    found = judge_units("made-up", ByLoudness("phones"), recordings(2)).abx
    assert {how for how in found if how.startswith("whole triphone")} == {
        *("whole triphone within", "whole triphone across")
    }
    assert found["whole triphone within"].error == 0
    assert found["whole triphone within"].pairs < found["whole within"].pairs


def test_recordings_without_phones_are_refused():
    bare = Recording("bare", recordings()[0].audio)
    found = judge_units("made-up", ByLoudness("phones"), [bare, *recordings()])
    assert [str(each) for each in found.refusals] == ["bare: nothing says which phones it has"]
    with pytest.raises(MeasureError, match="no recording could be judged; the first of 1: bare"):
        judge_units("made-up", ByLoudness("phones"), [bare])


@pytest.mark.parametrize(("what", "least", "most"), [("speakers", 0.9, 1.0), ("phones", 0.0, 0.7)])
def test_a_probe_tells_speakers_only_where_units_do(tmp_path, what, least, most):
    rows = []
    for number, each in enumerate(recordings(3)):
        path = tmp_path / f"{each.name}-{number}.wav"
        soundfile.write(path, each.audio.samples[0], RATE)
        rows.append({"path": path.name, "speaker": each.speaker})
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = speakers_told(ByLoudness(what), SPEC.space, read_manifest(tmp_path / "manifest.jsonl"))
    assert least <= found.accuracy.mean <= most
    assert found.over_chance == found.accuracy.mean - found.chance
    assert found.chance == pytest.approx(1 / 3)
