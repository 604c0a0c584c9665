"""Read what listeners sent back: a line of JSON for each rating, some perhaps damaged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.listening.key import Key
from vocable.evaluate.recording import Refusal
from vocable.fitting import fit

BEST = 100


@dataclass(frozen=True)
class Rating:
    """One line: what a listener gave one stimulus.

    test, version     of the test's page
    listener          a random number that the page drew
    trial, stimulus   opaque ids; the key says what they are
    order, place      of the trial among trials, of the stimulus in its trial, from 1
    score             0 to 100
    plays, seconds    how often it was switched to, and how long it was heard
    comment           on the whole trial, empty where there is none
    """

    test: str
    version: int
    listener: str
    trial: str
    order: int
    stimulus: str
    place: int
    score: int
    plays: int
    seconds: float
    comment: str = ""

    @property
    def of(self) -> tuple[str, str, str]:
        """Who rated what: no two ratings share it."""
        return self.listener, self.trial, self.stimulus


@dataclass
class Results:
    """All ratings that can be used, one of each listener and stimulus, and what was left out.

    doubled    lines that say again what another one says
    faults     lines that cannot be used, by `file:line`, with the reason
    """

    ratings: dict[tuple[str, str, str], Rating] = field(default_factory=dict)
    doubled: int = 0
    faults: list[Refusal] = field(default_factory=list)

    def add(self, rating: Rating, where: str) -> None:
        """Keep a rating unless there is one of the same listener and stimulus."""
        before = self.ratings.setdefault(rating.of, rating)
        if before.score != rating.score:
            why = f"rated again with {rating.score} after {before.score}; the first counts"
            self.faults.append(Refusal(where, why))
        elif before is not rating:
            self.doubled += 1


def read_results(paths: Iterable[str | Path], key: Key) -> Results:
    """Read files of results; what does not belong to the test of `key` is named in `faults`."""
    results = Results()
    for path in map(Path, paths):
        for where, line in _lines(path):
            try:
                results.add(_rating(line, key), where)
            except MeasureError as error:
                results.faults.append(Refusal(where, str(error)))
    return results


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            yield f"{path}:{number}", line


def _rating(line: bytes, key: Key) -> Rating:
    try:
        row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise MeasureError("not a line of results; it was cut or changed on its way")
    rating = fit(Rating, row, "the rating", MeasureError)
    if rating.test != key.test:
        raise MeasureError(f"it is of the test {rating.test}, the key of {key.test}; use its key")
    if rating.version != key.version:
        raise MeasureError(f"the page has version {rating.version}, the key {key.version}")
    if rating.trial not in key.trials:
        raise MeasureError(f"the key has no trial {rating.trial}")
    if rating.stimulus not in key.trials[rating.trial].stimuli:
        raise MeasureError(f"trial {rating.trial} has no stimulus {rating.stimulus}")
    if not 0 <= rating.score <= BEST:
        raise MeasureError(f"score is {rating.score}, wanted 0 to {BEST}")
    return rating
