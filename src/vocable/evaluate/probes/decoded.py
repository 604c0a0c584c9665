"""Ask of decoded recordings what models of ordinary recordings tell of them, as Codec-SUPERB does.

Words by a recogniser, voices by an embedding. Where no such model is at hand, for key words and
kinds of sound, small ones are trained on log-mels of the recordings as they are, for each seed; the
one that is better on the valid part is tested on the test recordings before and after. The
recordings' own figure comes first: only differences whose interval excludes 0 are to be claimed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from vocable.audio import Audio
from vocable.errors import MeasureError, VocableError
from vocable.evaluate.intervals import Interval, paired_interval
from vocable.evaluate.probes.classes import ACCURACY, EQUAL_ERROR, Classify, Verify
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer
from vocable.evaluate.probes.inputs import LogMels
from vocable.evaluate.probes.kept import Kept
from vocable.evaluate.probes.outcome import Outcome, Store
from vocable.evaluate.probes.run import VERSION, HeardSounds
from vocable.evaluate.probes.sequences import WORDS, Spell
from vocable.evaluate.probes.sound import Sound
from vocable.evaluate.probes.task import Fold, Task
from vocable.evaluate.probes.training import Settings, train_probe
from vocable.evaluate.recording import Recording, check_sound
from vocable.evaluate.speakers import voices_kept
from vocable.evaluate.stability import Decodes
from vocable.evaluate.words import transcribe, word_errors
from vocable.measures.recognisers import Recogniser
from vocable.measures.speakers import Embed
from vocable.tokens import TokenSpec

ORIGINAL, DIFFERENCE, DECODED = "original", "difference", ", decoded"


@dataclass(frozen=True)
class Decoder:
    """What makes a decoded recording of a recording; `identity` decides on what it makes."""

    name: str
    levels: str
    identity: str
    make: Callable[[Audio], Audio]


def first_levels(name: str, codec: Decodes, spec: TokenSpec, chosen: Sequence[int]) -> Decoder:
    """Return what decodes the chosen levels of a codec, all if none is chosen.

    MeasureError for other levels than the first, TokenError for as many as do not decode.
    """
    count = spec.check_levels(len(chosen) or None)
    if chosen and tuple(chosen) != tuple(range(count)):
        raise MeasureError(f"what is decoded are the first levels, as 0-{count - 1}")

    def make(audio: Audio) -> Audio:
        return codec.decode(codec.encode(audio).first(count))

    shown = f"0-{count - 1}" if chosen else "all"
    return Decoder(name, shown, f"{spec.space} {count}", make)


@dataclass(frozen=True)
class Decoded:
    """A sound after it was encoded and decoded."""

    sound: Sound
    decoder: Decoder

    @property
    def name(self) -> str:
        """The sound's own."""
        return self.sound.name

    @property
    def key(self) -> str:
        """The sound's own, and what decoded it."""
        return f"decoded({self.sound.key},{self.decoder.identity})"

    def read(self) -> Audio:
        """Encode and decode it."""
        return check_sound(self.decoder.make(self.sound.read()).mono(), "decoded recording")


@dataclass(frozen=True)
class Judges:
    """Models that know ordinary recordings, by name; None where there is none."""

    recogniser: tuple[str, Recogniser] | None = None
    embedding: tuple[str, Embed] | None = None


def judge_decoded(
    tasks: Sequence[Task],
    decoders: Sequence[Decoder],
    kept: Kept,
    store: Store,
    judges: Judges | None = None,
    *,
    seeds: int = 3,
    how: Settings | None = None,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Return what is told of decoded recordings: one outcome for each decoder and seed.

    Of the test recordings of tasks with classes, and of all recordings of words and verification,
    for which nothing is trained; other tasks are left out. What the store has
    is not done again; what cannot be judged is an outcome with a fault.
    """
    found = []
    for task in tasks:
        for decoder in decoders:
            for outcome in _outcomes(task, decoder, kept, store, judges or Judges(), seeds, how):
                if progress:
                    progress(outcome)
                found.append(outcome)
    return found


def _outcomes(
    task: Task,
    decoder: Decoder,
    kept: Kept,
    store: Store,
    judges: Judges,
    seeds: int,
    how: Settings | None,
) -> Iterator[Outcome]:
    if isinstance(task.goal, Classify):
        head, count = " or ".join(task.heads), seeds
    elif isinstance(task.goal, Spell | Verify):
        judge = judges.recogniser if isinstance(task.goal, Spell) else judges.embedding
        head, count = judge[0] if judge else "", 1
    else:
        return
    settings = how or Settings()
    for seed in range(count):
        chosen = (VERSION, "decoded", task.identity, decoder.identity, head, seed, settings)
        key = hashlib.sha256(repr(chosen).encode()).hexdigest()[:24]
        names = (task.name + DECODED, task.set, decoder.name, decoder.levels, head, seed)
        outcome = Outcome(key, *names, note=task.note)
        known = store.find(key)
        if known is None:
            try:
                known = _judged(outcome, task, decoder, kept, judges, settings)
                store.add(known)
            except VocableError as error:
                known = replace(outcome, fault=str(error))
        yield known


def _judged(
    empty: Outcome, task: Task, decoder: Decoder, kept: Kept, judges: Judges, how: Settings
) -> Outcome:
    if isinstance(task.goal, Classify):
        return _classes(empty, task, decoder, LogMels(task.rate, kept), how)
    first = task.folds[0]  # nothing is trained, so all recordings are judged
    every = (*first.train, *first.valid, *first.test)
    recordings = [Recording(each.name, each.sound.read(), each.owner, each.text) for each in every]
    systems = {decoder.name: decoder.make}
    if isinstance(task.goal, Spell):
        if judges.recogniser is None:
            raise MeasureError("words of decoded recordings need a recogniser")
        shown = transcribe(judges.recogniser[1], systems, recordings)[decoder.name]
        errors = word_errors(shown)
        if errors.own is None or errors.decoded is None or errors.added is None:
            raise MeasureError("no recording has a text")
        found = {
            WORDS: errors.decoded.interval,
            ORIGINAL: errors.own.interval,
            DIFFERENCE: errors.added,
        }
        return _with(empty, found, {}, len(shown.recordings))
    if judges.embedding is None:
        raise MeasureError("voices of decoded recordings need an embedding of speakers")
    voices = voices_kept(judges.embedding[1], systems, recordings)
    kept_voices = voices.systems[decoder.name]
    if voices.own is None or kept_voices.verification is None:
        raise MeasureError("verification needs two speakers, one of them with two recordings")
    trials = {EQUAL_ERROR: kept_voices.verification.interval, ORIGINAL: voices.own.interval}
    trials |= {"similarity": kept_voices.similarity}
    return _with(empty, trials, {EQUAL_ERROR: 0.5}, kept_voices.scored)


def _classes(empty: Outcome, task: Task, decoder: Decoder, mels: LogMels, how: Settings) -> Outcome:
    """Train on recordings as they are; test on those of the test, as they are and decoded."""
    before, after, usual = list[Answer](), list[Answer](), list[Answer]()
    for fold in task.folds:
        test = [replace(each, sound=Decoded(each.sound, decoder)) for each in fold.test]
        own = HeardSounds([fold, Fold(fold.train, fold.valid, tuple(test))], mels)
        train, valid = own.cases(fold.train, "train"), own.cases(fold.valid, "valid")
        learnt = task.goal.learn([example for example, _ in train], mels)
        judges = (
            train_probe(train, valid, learnt, head, whole=True, seed=empty.seed, how=how)
            for head in task.heads
        )
        trained = min(judges, key=lambda judge: judge.loss)  # not one that learnt nothing
        pairs = _pairs(own, fold.test, test)
        for k, answers in enumerate((before, after)):
            cases = [own.cases([pair[k]], "test")[0] for pair in pairs]
            told = trained.tell([shown for _, shown in cases])
            answers += [learnt.answer(*c, one.output) for c, one in zip(cases, told, strict=True)]
            usual += [learnt.usual_answer(*case) for case in cases]
    first, second = (
        np.array([a.counts[ACCURACY][0] for a in chosen]) for chosen in (before, after)
    )
    goal = task.goal
    found = {
        ACCURACY: goal.judge(after)[ACCURACY],
        ORIGINAL: goal.judge(before)[ACCURACY],
        DIFFERENCE: paired_interval(first, second, [each.owner for each in after]),
    }
    return _with(empty, found, {ACCURACY: goal.judge(usual)[ACCURACY].mean}, len(after))


def _pairs(
    shown: HeardSounds, before: Sequence[Example], after: Sequence[Example]
) -> list[tuple[Example, Example]]:
    """Return the examples that were heard as they are and decoded."""
    pairs = zip(before, after, strict=True)
    found = [p for p in pairs if all(each.sound.key in shown.by_key for each in p)]
    if not found:
        raise MeasureError(f"no decoded recording could be heard; {shown.refusals[0]}")
    return found


def _with(
    empty: Outcome, found: dict[str, Interval], usual: dict[str, float], tested: int
) -> Outcome:
    return replace(
        empty,
        scores={name: each.mean for name, each in found.items()},
        intervals={n: (each.low, each.high) for n, each in found.items() if isfinite(each.low)},
        usual=usual,
        tested=tested,
    )
