"""Goals: what is learnt, what counts, and what is refused."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.evaluate.probes.made_up import (
    ENTRIES,
    FRAME,
    FRAMES,
    QUICK,
    RATE,
    SPEC,
    Tone,
    TwoLevels,
    classes,
    examples,
    tokens,
)
from vocable import MeasureError
from vocable.evaluate.probes import (
    Classify,
    Example,
    Fold,
    Heard,
    Kept,
    LogMels,
    Phones,
    Separate,
    Spell,
    Store,
    Task,
    Verify,
    probe,
)
from vocable.evaluate.probes.classes import LearntClasses
from vocable.evaluate.probes.sequences import LearntCharacters

NOTHING = Heard(np.zeros((0, 1), np.int32), np.zeros(0))
PERIOD = FRAME / RATE
TIMES = (np.arange(FRAMES) + 0.5) * PERIOD


def drawn(seed: int, **known) -> Example:
    steps = np.random.default_rng(seed).integers(0, ENTRIES, FRAMES)
    return Example(Tone(str(seed), tuple(int(s) for s in steps)), f"owner-{seed}", **known)


def run(folder, task, *sources, head):
    store = Store(folder / "probes.jsonl")
    (found,) = probe(
        [task], lambda task: sources or [tokens()], store, heads=[head], seeds=1, how=QUICK
    )
    assert not found.fault, found.fault
    return found


def folded(goal, make, heads, counts=(24, 6, 6)) -> Task:
    edges = np.cumsum([0, *counts])
    parts = [tuple(make(k) for k in range(a, b)) for a, b in pairwise(edges)]
    return Task("made-up", "tones", goal, heads, (Fold(*parts),))


def test_phones_of_frames_are_told_from_the_level_that_says_them(tmp_path):
    def spoken(seed):
        one = drawn(seed)
        names = ["low" if step < 8 else "high" for step in one.sound.steps]
        spans = [(k * PERIOD, (k + 1) * PERIOD, name) for k, name in enumerate(names)]
        return replace(one, phones=tuple(spans[:-2]))

    found = run(tmp_path, folded(Phones(), spoken, ("linear", "bilstm")), head="linear")
    assert found.scores["frame accuracy"] > 0.95
    assert 0.3 < found.usual["frame accuracy"] < 0.7


def test_characters_are_spelt(tmp_path):
    """A word of each half of the entries, by turns."""

    def said(seed):
        halves = np.random.default_rng(seed).integers(0, 2, FRAMES // 5)
        steps = np.repeat(np.where(halves, 12, 3), 5)
        text = " ".join("ab"[half] for half in halves)
        return Example(Tone(str(seed), tuple(int(s) for s in steps)), f"o{seed}", text=text)

    task = folded(Spell(), said, ("linear", "bilstm"), (60, 10, 10))
    store, how = Store(tmp_path / "p.jsonl"), replace(QUICK, rounds=30, patience=30)
    (found,) = probe([task], lambda _: [tokens()], store, heads=["bilstm"], seeds=1, how=how)
    assert found.usual == {"word errors": 1.0, "character errors": 1.0}
    assert found.scores["character errors"] < 0.7, found.scores


def test_ctc_joins_repeats_and_drops_blanks():
    learnt = LearntCharacters(["a", "b"], steps=2)
    places = np.array([[1, 1], [0, 1], [2, 2]])
    output = np.eye(3)[places].reshape(3, 6)
    answer = learnt.answer(Example(Tone("x", ()), "o", text="aab"), NOTHING, output)
    assert answer.counts == {"word errors": (0.0, 1.0), "character errors": (0.0, 3.0)}


def test_voices_that_differ_in_a_level_are_told_apart(tmp_path):
    def voice(owner, n):
        steps = np.random.default_rng([owner, n]).choice([owner % 16, (owner * 5) % 16], FRAMES)
        name = f"owner-{owner}"
        return Example(Tone(f"{owner}-{n}", tuple(int(s) for s in steps)), name, label=name)

    train = tuple(voice(o, n) for o in range(10) for n in range(3))
    valid = tuple(voice(o, 3) for o in range(10))
    test = tuple(voice(o, n) for o in range(10, 16) for n in range(3))
    task = Task("verification", "x", Verify(), ("pooling", "ecapa"), (Fold(train, valid, test),))
    found = run(tmp_path, task, head="pooling")
    assert found.scores["equal error rate"] < 0.4 and found.usual["equal error rate"] == 0.5


def test_the_tokens_of_a_part_are_told_and_decoded(tmp_path):
    """The mixture's level 0 is its part's, one step further."""

    def mixed(seed):
        one = drawn(seed)
        part = Tone(f"part-{seed}", tuple((step + 1) % ENTRIES for step in one.sound.steps))
        return replace(one, parts=(part,))

    goal = Separate(parts=1, scores=("si_sdr",))
    task = folded(goal, mixed, ("crdnn", "conformer"))
    found = run(tmp_path, task, tokens(0), head="linear")
    assert found.scores["token accuracy"] > 0.9 and found.usual["token accuracy"] < 0.1
    assert found.scores["si_sdr, clean tokens"] >= found.scores["si_sdr"] > found.usual["si_sdr"]


def test_two_parts_may_be_told_in_either_order():
    source = tokens(0)
    one, two = drawn(1), drawn(2)
    example = replace(drawn(3), parts=(two.sound, one.sound))
    goal = Separate(parts=2, scores=())
    learnt = goal.learn([example], source)
    heard = source.hear(example.sound)
    frames = [source.hear(each.sound).frames[:, 0] for each in (one, two)]
    output = np.concatenate([np.eye(ENTRIES)[row] for row in frames], axis=1)
    answer = learnt.answer(example, heard, output)
    assert answer.counts["token accuracy"] == (2 * FRAMES, 2 * FRAMES)


def test_what_cannot_be_decoded_is_not_told():
    goal, example = Separate(), replace(drawn(0), parts=(drawn(1).sound,))
    with pytest.raises(MeasureError, match="those of the first levels"):
        goal.learn([example], tokens(1))


def test_one_class_is_refused(tmp_path):
    fold = classes().folds[0]
    same = [tuple(replace(e, label="a") for e in part) for part in vars(fold).values()]
    task = classes(folds=(Fold(*same),))
    (found,) = probe(
        [task], lambda _: [tokens()], Store(tmp_path / "p"), heads=["pooling"], seeds=1
    )
    assert found.fault == "a probe needs two classes or more in train, got ['a']"


def test_a_class_that_train_lacks_is_wrong():
    learnt = LearntClasses(["a", "b"])
    example = examples(1)[2]
    assert example.label == "c" and learnt.target(example, NOTHING) == -1
    assert learnt.answer(example, NOTHING, np.array([0.0, 1.0])).counts == {"accuracy": (0.0, 1.0)}


def test_tokens_of_another_space_and_of_two_streams_are_refused(tmp_path):
    class Other(TwoLevels):
        def encode(self, source):
            made = super().encode(source)
            spec = replace(SPEC, space="other@1:0a1b")
            return type(made)(spec, made.stacks)

    def refused(source):
        (found,) = probe([classes()], lambda _: [source], Store(tmp_path / "p"), seeds=1,
                         heads=["pooling"])  # fmt: skip
        return found.fault

    assert "tokens are of other@1:0a1b, expected made-up@1:0a1b" in refused(
        tokens(tokenizer=Other())
    )

    class Stereo(TwoLevels):
        def encode(self, source):
            made = super().encode(source)
            return type(made)(SPEC, [np.repeat(s, 2, axis=0) for s in made.stacks])

    assert "tokens of one stream, got 2" in refused(tokens(tokenizer=Stereo()))


def test_a_recording_that_is_refused_is_counted(tmp_path):
    task = classes()
    fold = task.folds[0]
    silent = replace(fold.test[0], sound=Silent())
    task = replace(task, folds=(replace(fold, test=(silent, *fold.test[1:])),))
    found = run(tmp_path, task, head="pooling")
    assert found.refused == 1 and found.tested == 11
    assert found.reason == "silent: it is shorter than a frame"


class Silent(Tone):
    def __init__(self) -> None:
        super().__init__("silent", ())

    def read(self):
        raise MeasureError("it is shorter than a frame")


def test_frames_of_log_mels_say_their_rate():
    heard = Heard(np.zeros((50, 80), np.float32), np.arange(50) / 50)
    assert heard.frame_rate == pytest.approx(50)
    assert Classify().whole and not Phones().whole


def test_log_mels_keep_who_speaks_and_how_loud():
    mels = LogMels(RATE, Kept())
    time = np.arange(RATE) / RATE
    low, high = (mels.compute(0.3 * np.sin(2 * np.pi * hertz * time)) for hertz in (300, 2000))
    assert low.shape == (50, 80) and np.abs(low.mean(axis=0) - high.mean(axis=0)).max() > 1
    quiet = mels.compute(0.03 * np.sin(2 * np.pi * 300 * time))
    assert np.isclose((low - quiet)[10:40].max(), np.log(10) / 2, atol=0.02)
