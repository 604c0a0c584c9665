"""Say what a probe is asked: examples with what is to be told of them, apart for test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Goal


@dataclass(frozen=True)
class Fold:
    """What is learnt from, what says when to stop, and what is asked."""

    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]


@dataclass(frozen=True)
class Task:
    """What is asked of tokens.

    name     of the question, as "keyword"
    set      the recordings' set
    goal     how answers are learnt and judged
    heads    the two that are trained by default, as in DASB
    folds    one, or several whose tests are judged together (cross-validation)
    apart    whether no owner of test is in train or valid
    rate     Hz at which log-mels are taken
    note     what a reader of its row has to know
    """

    name: str
    set: str
    goal: Goal
    heads: tuple[str, str]
    folds: tuple[Fold, ...]
    apart: bool = True
    rate: int = 16_000
    note: str = ""

    def __post_init__(self) -> None:
        for fold in self.folds:
            _check_fold(fold, self)

    @cached_property
    def identity(self) -> str:
        """A hash over all examples, their content, their answers and their parts of the data."""
        found = hashlib.sha256(f"{self.name} {self.goal!r} {self.rate}".encode())
        for fold in self.folds:
            for part, examples in (("train", fold.train), ("valid", fold.valid), ("", fold.test)):
                for each in examples:
                    parts = [sound.key for sound in each.parts]
                    known = (part, each.sound.key, each.owner, each.label, each.text, each.phones)
                    found.update(repr((*known, parts)).encode())
        return found.hexdigest()[:16]

    @property
    def tested(self) -> list[Example]:
        """The examples of all tests."""
        return [each for fold in self.folds for each in fold.test]


def _check_fold(fold: Fold, task: Task) -> None:
    where = f"{task.name} of {task.set}"
    for name, examples in (("train", fold.train), ("valid", fold.valid), ("test", fold.test)):
        if not examples:
            raise MeasureError(f"{where}: the {name} part is empty; give more recordings")
    for name, examples in (("train", fold.train), ("valid", fold.valid)):
        _check_leak(examples, fold.test, task.apart, f"{where}: %s is in {name} and in test")


def _check_leak(
    learnt: Sequence[Example], test: Sequence[Example], apart: bool, message: str
) -> None:
    """Refuse sounds that are in both parts; and owners, where they have to stay apart."""
    sounds = {each.sound.key for each in learnt}
    for each in test:
        if each.sound.key in sounds:
            raise MeasureError(f"{message % each.name}; leave it out of one of them")
    both = sorted({each.owner for each in learnt} & {each.owner for each in test})
    if apart and both:
        raise MeasureError(f"{message % both[0]}; split the set by speakers")
