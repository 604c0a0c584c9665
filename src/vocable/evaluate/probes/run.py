"""Train what is missing of tasks × inputs × heads × seeds, and go on where one fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite

import numpy as np

from vocable.errors import MeasureError, VocableError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer
from vocable.evaluate.probes.inputs import Heard, Input
from vocable.evaluate.probes.outcome import Outcome, Store
from vocable.evaluate.probes.task import Fold, Task
from vocable.evaluate.probes.training import Settings, find_head, train_probe
from vocable.evaluate.recording import Refusal, attempt

VERSION = 1  # of what probes compute; one more makes all of them be trained again


@dataclass(frozen=True)
class Job:
    """One probe to be trained."""

    task: Task
    source: Input
    head: str
    seed: int
    how: Settings

    @property
    def empty(self) -> Outcome:
        """The outcome before anything is known."""
        task, source = self.task, self.source
        known = (VERSION, task.identity, source.identity, self.head, self.seed, self.how)
        key = hashlib.sha256(repr(known).encode()).hexdigest()[:24]
        chosen = (key, task.name, task.set, source.name, source.levels, self.head, self.seed)
        return Outcome(*chosen, note=task.note)


def probe(
    tasks: Iterable[Task],
    sources: Callable[[Task], Sequence[Input]],
    store: Store,
    *,
    heads: Sequence[str] = (),
    seeds: int = 3,
    how: Settings | None = None,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Return the outcomes of all probes; what the store has is not trained again.

    sources: the inputs of a task. heads: those of each task that has them, in the place of its own
    two. A probe that cannot be trained is an outcome with a fault, which the store does not keep.
    """
    found = []
    for task in tasks:
        for source in sources(task):
            jobs = [
                Job(task, source, head, seed, how or Settings())
                for head in heads or task.heads
                for seed in range(seeds)
            ]
            for outcome in _outcomes(task, source, jobs, store):
                if progress:
                    progress(outcome)
                found.append(outcome)
    return found


def _outcomes(task: Task, source: Input, jobs: Sequence[Job], store: Store) -> Iterator[Outcome]:
    """Yield the outcomes of one input; it hears nothing if all of them are known."""
    shown: HeardSounds | VocableError | None = None
    for job in jobs:
        known = store.find(job.empty.key)
        if known is None:
            try:
                find_head(job.head, task.goal.whole)
                shown = shown or _heard(task, source)
                if isinstance(shown, VocableError):
                    raise shown
                known = _trained(job, shown)
                store.add(known)
            except VocableError as error:
                known = replace(job.empty, fault=str(error))
        yield known


def _heard(task: Task, source: Input) -> HeardSounds | VocableError:
    try:
        return HeardSounds(task.folds, source)
    except VocableError as error:  # which every head and seed would meet again
        return error


class HeardSounds:
    """All that an input makes of the sounds of folds; what cannot be heard is refused."""

    def __init__(self, folds: Sequence[Fold], source: Input) -> None:
        self.refusals: list[Refusal] = []
        every = {
            each.sound.key: each
            for fold in folds
            for each in (*fold.train, *fold.valid, *fold.test)
        }
        found = attempt(every.values(), partial(_hear, source), self.refusals)
        self.by_key = {each.sound.key: shown for each, shown in found}
        spaces = {h.tokens.spec.space for h in self.by_key.values() if h.tokens is not None}
        if len(spaces) > 1:
            raise MeasureError(f"recordings gave tokens of {len(spaces)} spaces; probe each apart")

    def cases(self, examples: Sequence[Example], what: str) -> list[tuple[Example, Heard]]:
        """Return the examples that were heard; MeasureError if none was."""
        pairs = [(each, self.by_key.get(each.sound.key)) for each in examples]
        found = [(each, shown) for each, shown in pairs if shown is not None]
        if not found:
            raise MeasureError(f"no recording of {what} could be heard; {self.refusals[0]}")
        return found


def _hear(source: Input, example: Example) -> Heard:
    shown = source.hear(example.sound)
    if not len(shown.frames):
        raise MeasureError("it is shorter than a frame")
    for part in example.parts:
        source.hear(part)
    return shown


def _trained(job: Job, shown: HeardSounds) -> Outcome:
    task = job.task
    folds = [_in_fold(job, shown, fold) for fold in task.folds]
    answers = [answer for fold in folds for answer in fold.answers]
    judged = task.goal.judge(answers)
    usual = task.goal.judge([answer for fold in folds for answer in fold.usual])
    weights = np.mean([each for fold in folds for each in fold.weights], axis=0)
    return replace(
        job.empty,
        scores={name: found.mean for name, found in judged.items()},
        intervals={n: (each.low, each.high) for n, each in judged.items() if isfinite(each.low)},
        usual={name: found.mean for name, found in usual.items()},
        weights=tuple(round(float(weight), 4) for weight in weights),
        trained=round(float(np.mean([fold.trained for fold in folds]))),
        tested=len(answers),
        refused=len(shown.refusals),
        reason=str(shown.refusals[0]) if shown.refusals else "",
        rounds=float(np.mean([fold.rounds for fold in folds])),
    )


@dataclass(frozen=True)
class _Found:
    """What the test of one fold says, with and without hearing."""

    answers: list[Answer]
    usual: list[Answer]
    weights: list[np.ndarray]
    trained: int
    rounds: int


def _in_fold(job: Job, shown: HeardSounds, fold: Fold) -> _Found:
    goal, parts = job.task.goal, {"train": fold.train, "valid": fold.valid, "test": fold.test}
    train, valid, test = (shown.cases(examples, part) for part, examples in parts.items())
    learnt = goal.learn([example for example, _ in train], job.source)
    trained = train_probe(
        train, valid, learnt, job.head, whole=goal.whole, seed=job.seed, how=job.how
    )
    told = list(trained.tell([known for _, known in test]))
    answers = [
        replace(learnt.answer(example, known, one.output), voice=one.vector if goal.whole else None)
        for (example, known), one in zip(test, told, strict=True)
    ]
    usual = [learnt.usual_answer(*case) for case in test]
    return _Found(answers, usual, [one.weights for one in told], len(train), trained.rounds)
