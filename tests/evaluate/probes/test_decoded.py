"""What is told of decoded recordings, beside what is told of them as they are."""

from dataclasses import replace

import numpy as np

from tests.evaluate.probes.made_up import FRAME, FRAMES, QUICK, RATE, classes
from vocable.audio import Audio
from vocable.evaluate.probes import Example, Fold, Kept, Spell, Store, Task, Verify, summarise
from vocable.evaluate.probes.decoded import Decoder, Judges, judge_decoded
from vocable.evaluate.probes.heads import HEADS_OF_WHOLES, Pooling

HOW = replace(QUICK, rounds=12)


class Pitch:
    """A tone whose pitch says its label."""

    def __init__(self, name: str, label: str) -> None:
        self.name = self.key = name
        self.label = label

    def read(self) -> Audio:
        random = np.random.default_rng(list(self.name.encode()))
        hertz = 300 * (1 + "abc".index(self.label)) * random.uniform(0.9, 1.1)
        time = np.arange(FRAME * FRAMES) / RATE
        made = 0.3 * np.sin(2 * np.pi * hertz * time) + random.normal(0, 0.01, time.size)
        return Audio(made.astype(np.float32), RATE)


def pitched(example: Example) -> Example:
    return replace(example, sound=Pitch(example.name, example.label))


def task() -> Task:
    fold = classes().folds[0]
    parts = [tuple(pitched(each) for each in part) for part in vars(fold).values()]
    return classes(folds=(Fold(*parts),), rate=RATE)


def noise(audio: Audio) -> Audio:
    made = np.random.default_rng(0).normal(0, 0.1, audio.samples.shape)
    return Audio(made.astype(np.float32), audio.rate)


KEEPS = Decoder("keeps", "all", "keeps", lambda audio: audio)
LOSES = Decoder("loses", "all", "loses", noise)


def judged(folder, *tasks, judges=None, decoders=(KEEPS, LOSES), seeds=1):
    store = Store(folder / "p.jsonl")
    return judge_decoded(tasks, decoders, Kept(), store, judges, seeds=seeds, how=HOW)


def test_what_is_lost_is_a_difference_and_what_is_kept_none(tmp_path):
    keeps, loses = judged(tmp_path, task())
    assert keeps.task == "keyword, decoded" and keeps.tested == 12
    assert keeps.scores["original"] == keeps.scores["accuracy"] > 0.9
    assert keeps.scores["difference"] == 0
    assert loses.scores["original"] == keeps.scores["original"]
    assert loses.scores["accuracy"] < 0.7
    assert loses.intervals["difference"][1] < 0
    assert judged(tmp_path, task()) == [keeps, loses]
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 2
    measures = [row.measure for row in summarise([keeps])]
    assert measures == ["accuracy", "original", "difference"]


def test_a_head_that_learnt_nothing_is_no_judge(tmp_path, monkeypatch):
    class Deaf(Pooling):
        def forward(self, x, mask):
            return 0 * super().forward(x, mask)

    monkeypatch.setitem(HEADS_OF_WHOLES, "ecapa", Deaf)
    (keeps,) = judged(tmp_path, replace(task(), heads=("ecapa", "pooling")), decoders=[KEEPS])
    assert keeps.head == "ecapa or pooling"
    assert keeps.scores["original"] > 0.9


def test_words_and_voices_are_judged_by_models_that_are_given(tmp_path):
    fold = task().folds[0]
    texts = [tuple(replace(e, text=f"word {e.label}") for e in p) for p in vars(fold).values()]
    words = Task("words", "tones", Spell(), ("bilstm", "linear"), (Fold(*texts),))
    voices = Task("verification", "tones", Verify(), ("ecapa", "pooling"), task().folds)

    def hear(samples, rate):
        peak = np.abs(np.fft.rfft(samples)).argmax() * rate / samples.size
        return f"word {'abc'[int(min(2, max(0, round(peak / 300) - 1)))]}"

    def embed(samples, rate):
        return np.abs(np.fft.rfft(samples))[:400]

    judges = Judges(("ear", hear), ("eye", embed))
    found = judged(tmp_path, words, voices, judges=judges)
    kept, lost, kept_voice, lost_voice = found
    assert kept.head == "ear" and kept.scores["difference"] == 0
    assert kept.scores["original"] == 0 and lost.scores["word errors"] > 0.2
    assert kept_voice.head == "eye"
    assert kept_voice.scores["similarity"] > 0.99 > lost_voice.scores["similarity"]


def test_a_decoder_that_fails_is_a_row_with_a_reason(tmp_path):
    def fail(audio):
        raise RuntimeError("out of order")

    broken = Decoder("broken", "all", "broken", fail)
    (found,) = judged(tmp_path, task(), decoders=[broken])
    assert "RuntimeError: out of order" in found.fault
    assert not (tmp_path / "p.jsonl").exists()
