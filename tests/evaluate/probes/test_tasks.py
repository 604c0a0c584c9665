"""Tasks of sets of clips: which a set can answer, how its parts are apart, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.evaluate.probes.made_up import classes, examples
from vocable import MeasureError
from vocable.audio.manifest import Clip
from vocable.evaluate.probes import Classify, Fold, Recorded, Task, tasks_of
from vocable.evaluate.probes.splits import cross_validation, one_split, within_classes
from vocable.evaluate.probes.tasks import DIGITS, MAKERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of 60 recordings of noise, 0.5 s each."""
    folder = tmp_path_factory.mktemp("sounds")
    for k in range(60):
        noise = np.random.default_rng(k).normal(0, 0.1, 4000)
        soundfile.write(folder / f"{k}.wav", noise, 8000)
    return folder


def clips(folder, **columns) -> list[Clip]:
    """Clips with the values of each column in turn."""
    count = len(columns["language"])
    rows = [{name: values[k] for name, values in columns.items()} for k in range(count)]
    return [Clip(folder / f"{k}.wav", **row) for k, row in enumerate(rows)]


def spoken(folder, words=DIGITS, speakers=10) -> list[Clip]:
    return clips(
        folder,
        label=[words[k % len(words)] for k in range(60)],
        speaker=[f"s{k // (60 // speakers)}" for k in range(60)],
        language=["en"] * 60,
    )


def owners(part):
    return {each.owner for each in part}


def test_words_are_split_by_speakers(folder):
    task = MAKERS["keyword"](spoken(folder), "set")
    assert task.apart and len(task.folds) == 4
    for fold in task.folds:
        assert not owners(fold.test) & (owners(fold.train) | owners(fold.valid))
        assert not owners(fold.train) & owners(fold.valid)
    assert len(task.tested) == 60


def test_digits_are_those_of_the_words(folder):
    task = MAKERS["digit"](spoken(folder, [*DIGITS, "stop", "go"]), "set")
    assert {each.label for each in task.tested} <= set(DIGITS) and len(task.tested) == 50
    with pytest.raises(MeasureError, match="^set: not all ten digits are said$"):
        MAKERS["digit"](spoken(folder, DIGITS[:9]), "set")


def test_files_of_one_word_leave_no_part_without_a_word(folder):
    words = ("go", "stop", "left")
    rows = [
        Clip(folder / f"{k % 15}.wav", start=0.1 * (k // 15), end=0.1 * (k // 15) + 0.1,
             label=words[k % 15 // 5], language="en")
        for k in range(60)
    ]  # fmt: skip
    few, many = MAKERS["keyword"](rows, "set"), MAKERS["keyword"](rows, "set").tested
    folds = [*few.folds, *one_split(many, "set")]
    for fold in folds:
        assert {each.label for each in fold.train} == set(words)
        assert {each.label for each in fold.test} == set(words)
        assert not owners(fold.test) & (owners(fold.train) | owners(fold.valid))


def test_rare_labels_stay_in_train():
    made = [replace(each, owner=each.name, label="b" if k < 10 else "a")
            for k, each in enumerate(examples(110, of_each=1))]  # fmt: skip
    for fold in [*one_split(made, "set"), *cross_validation(made, "set", 4)]:
        for part, least in ((fold.train, 5), (fold.test, 1), (fold.valid, 1)):
            assert sum(each.label == "b" for each in part) >= least
        assert len(fold.test) / 110 == pytest.approx(0.22, abs=0.04)


def test_a_speakers_clips_are_in_all_parts_and_differ(folder):
    task = MAKERS["speaker"](spoken(folder), "set")
    (fold,) = task.folds
    assert owners(fold.test) == owners(fold.valid) == owners(fold.train)
    names = [each.name for part in (fold.train, fold.valid, fold.test) for each in part]
    assert len(set(names)) == len(names) == 60


def test_voices_to_verify_are_never_heard_before(folder):
    (fold,) = MAKERS["verification"](spoken(folder), "set").folds
    assert not owners(fold.test) & (owners(fold.train) | owners(fold.valid))
    assert owners(fold.valid) <= owners(fold.train)


def test_a_sets_own_split_is_kept_and_its_leak_is_said(folder):
    rows = spoken(folder)
    splits = ["train"] * 36 + ["valid"] * 12 + ["eval"] * 12
    own = [replace(clip, split=split) for clip, split in zip(rows, splits, strict=True)]
    task = MAKERS["keyword"](own, "set")
    assert [len(part) for part in vars(task.folds[0]).values()] == [36, 12, 12] and not task.note
    own[0], own[59] = (replace(own[k], speaker="s5") for k in (0, 59))
    assert "test has speakers of train" in MAKERS["keyword"](own, "set").note


def test_leaks_are_refused():
    task = classes()
    fold = task.folds[0]
    stranger = replace(fold.test[0], owner=fold.train[0].owner)
    leaking = replace(fold, test=(stranger, *fold.test[1:]))
    message = "^keyword of tones: owner-0 is in train and in test; split the set by speakers$"
    with pytest.raises(MeasureError, match=message):
        replace(task, folds=(leaking,))
    assert replace(task, folds=(leaking,), apart=False).folds == (leaking,)
    same = replace(fold, test=(*fold.test, fold.valid[0]))
    with pytest.raises(MeasureError, match="8-0 is in valid and in test; leave it out of one"):
        replace(task, folds=(same,), apart=False)


def test_parts_that_are_empty_are_refused():
    fold = classes().folds[0]
    with pytest.raises(MeasureError, match="^x of y: the test part is empty"):
        Task("x", "y", Classify(), ("pooling", "ecapa"), (replace(fold, test=()),))


def test_splits_are_the_same_whatever_the_order():
    made = examples(20)
    (fold,) = one_split(made, "set")
    (again,) = one_split(made[::-1], "set")
    assert owners(fold.test) == owners(again.test)
    assert 0.1 < len(fold.test) / 60 < 0.3 and len(fold.valid) >= 3
    tests = [each.name for fold in cross_validation(made, "set", 5) for each in fold.test]
    assert sorted(tests) == sorted(each.name for each in made)
    (within,) = within_classes(made)
    labels = [{each.label for each in part} for part in vars(within).values()]
    assert labels == [{"a", "b", "c"}] * 3


def test_two_speakers_cannot_be_kept_apart():
    message = "^set: needs recordings of 3 speakers or more, .* got 2$"
    with pytest.raises(MeasureError, match=message):
        cross_validation(examples(2), "set", 5)


@pytest.mark.parametrize(
    "task, message",
    [
        ("keyword", "most recordings have no word that 5 others have too"),
        ("digit", "not all ten digits"),
        ("phone", "nothing says which phone is said when"),
        ("words", "most recordings have no sentence as text"),
        ("sound", 'no recording has a label and the language "none"'),
        ("emotion", "a probe needs recordings of two labels or more"),
        ("speaker", "needs 2 known speakers or more with 3 recordings each"),
        ("verification", "needs 8 known speakers or more with 2 recordings each"),
    ],
)
def test_a_set_without_what_is_asked_says_so(folder, task, message):
    bare = clips(folder, language=["en"] * 20)
    with pytest.raises(MeasureError, match=f"^set: .*{message}"):
        MAKERS[task](bare, "set")


def test_tasks_without_data_say_what_they_need(folder):
    asked = tasks_of({"set": spoken(folder)})
    names = [task.name for task in asked.tasks]
    assert names == ["keyword", "digit", "speaker", "verification"]
    assert asked.missing["intent"] == "needs labels of intents: --slurp FOLDER"
    assert "phone" in asked.missing and ("phone", "set") in asked.reasons
    with pytest.raises(MeasureError, match='^no task named "keywrd"; nearest: "keyword"$'):
        tasks_of({"set": spoken(folder)}, ["keywrd"])


def test_a_part_of_a_file_is_another_sound(folder):
    whole = Recorded(Clip(folder / "0.wav"))
    part = Recorded(Clip(folder / "0.wav", start=0.1, end=0.3))
    assert whole.key != part.key and len(part.read()) == 1600
    assert np.array_equal(part.read().samples, whole.read().samples[:, 800:2400])
    assert Recorded(Clip(folder / "1.wav")).key != whole.key


def test_no_split_is_made_of_nothing():
    with pytest.raises(MeasureError, match="the valid part is empty"):
        Task("x", "y", Classify(), ("a", "b"), (Fold(tuple(examples(1)), (), ()),))
