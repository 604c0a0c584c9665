"""Cut a recording into snippets at pauses: never inside a word, by its sound and by its words.

A cut lies in a pause that two have found: what tells speech from silence, and the recogniser, whose
words end before it. What is between two such pauses is a breath; a snippet is a few of them.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from vocable.measures.word_times import Word
from vocable.speak.prepare.settings import Settings
from vocable.speak.prepare.stretches import Stretch

_BRIDGE, _STOP = 0.12, 0.5  # seconds: of a word on both sides of a pause, and of the longest stop
_SIGH = 0.4  # seconds of sound without words that may be a breath, which is passed over
_FAR = 1.0  # seconds of a pause, which no snippet has inside it
_BEST = 8.0  # seconds: the length that costs nothing
_OPEN, _HASTY = 1.0, 0.5  # costs of an end inside a sentence, and at a pause below
_SHORT_PAUSE = 0.3
_TOO_SHORT = 10.0  # cost of what will be left out
_SENTENCE_ENDS = ".?!…。?!।؟"
_CLOSERS = "\"'”’»)]"


@dataclass(frozen=True)
class Breath:
    """Speech between two pauses, and its words.

    before, after   seconds of the pauses at its ends
    """

    begin: float
    end: float
    words: tuple[Word, ...]
    before: float
    after: float
    voice: int = 0  # which one speaks
    vector: tuple[float, ...] = ()  # its embedding, of length 1

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True)
class Cut:
    """A snippet as it is cut out, in seconds of the recording."""

    begin: float
    end: float
    breaths: tuple[Breath, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for breath in self.breaths for word in breath.words)


def breaths(stretches: Sequence[Stretch], words: Sequence[Word], seconds: float) -> list[Breath]:
    """Return what lies between pauses, with its words; a pause inside a word is none.

    Without words come those that nobody understood.
    """
    owned = _owned(stretches, words)
    groups = [[0]] if stretches else []
    for n in range(1, len(stretches)):
        near = (*owned[n - 1][-1:], *owned[n][:1])
        bridged = any(_bridges(word, stretches[n - 1], stretches[n]) for word in near)
        groups[-1].append(n) if bridged else groups.append([n])
    begins = [*(stretches[group[0]].begin for group in groups), seconds]
    ends = [0.0, *(stretches[group[-1]].end for group in groups)]
    return [
        Breath(
            begins[k],
            ends[k + 1],
            tuple(_within(w, begins[k], ends[k + 1]) for n in group for w in owned[n]),
            begins[k] - ends[k],
            begins[k + 1] - ends[k + 1],
        )
        for k, group in enumerate(groups)
    ]


def _owned(stretches: Sequence[Stretch], words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of each stretch: those of which it has most, or that are nearest to it."""
    owned: list[list[Word]] = [[] for _ in stretches]
    ends = [each.end for each in stretches]
    for word in words if stretches else ():
        first = max(0, bisect(ends, word.begin) - 1)
        near = range(first, min(len(stretches), bisect(ends, word.end) + 2))
        n = max(near, key=lambda n: _overlap(word, stretches[n]))
        owned[n].append(word)
    return owned


def _within(word: Word, begin: float, end: float) -> Word:
    """Return a word without what it has of the pauses around: recognisers are not sure there."""
    begin, end = (min(max(begin, at), end) for at in (word.begin, word.end))
    return replace(word, begin=begin, end=end)


def _overlap(word: Word, stretch: Stretch) -> float:
    """Return the seconds that two have in common; below 0 those between them."""
    return min(word.end, stretch.end) - max(word.begin, stretch.begin)


def _bridges(word: Word, one: Stretch, other: Stretch) -> bool:
    """Return whether a word goes on behind a pause that is short enough to be inside one."""
    if other.begin - one.end >= _STOP:
        return False
    return min(_overlap(word, one), _overlap(word, other)) > _BRIDGE


def cuts(found: Sequence[Breath], settings: Settings) -> list[Cut]:
    """Return snippets of the breaths that have words: of one voice, and of good lengths.

    A good one has about 8 s and ends a sentence. What is longer than the longest, since there is no
    pause in it, comes as it is; so does what is too short and has no neighbour.
    """
    made: list[Cut] = []
    for run in _runs(found):
        made += _best(run, settings)
    return made


def _runs(found: Sequence[Breath]) -> list[list[Breath]]:
    """Part breaths where none may be joined: other voices, long pauses, sound without words."""
    runs: list[list[Breath]] = []
    apart = True
    for breath in found:
        if not breath.words:
            apart = apart or breath.seconds >= _SIGH
            continue
        if apart or breath.voice != runs[-1][-1].voice or breath.begin - runs[-1][-1].end >= _FAR:
            runs.append([])
        runs[-1].append(breath)
        apart = False
    return runs


def _best(run: Sequence[Breath], settings: Settings) -> list[Cut]:
    """Return the cheapest way to join neighbours, by dynamic programming."""
    costs, starts = [0.0], [0]
    for last in range(len(run)):
        ways = []
        for first in range(last, -1, -1):
            cut = _cut(run[first : last + 1], settings)
            if first < last and cut.end - cut.begin > settings.longest:
                break
            ways.append((costs[first] + _cost(cut, settings), first))
        cost, start = min(ways)
        costs.append(cost)
        starts.append(start)
    made, end = [], len(run)
    while end:
        made.append(_cut(run[starts[end] : end], settings))
        end = starts[end]
    return made[::-1]


def _cut(joined: Sequence[Breath], settings: Settings) -> Cut:
    before, after = (
        min(settings.silence, each / 2) for each in (joined[0].before, joined[-1].after)
    )
    return Cut(joined[0].begin - before, joined[-1].end + after, tuple(joined))


def _cost(cut: Cut, settings: Settings) -> float:
    seconds = cut.end - cut.begin
    cost = log(seconds / _BEST) ** 2
    cost += _OPEN * (not _ends_sentence(cut.words[-1]))
    cost += _HASTY * (cut.breaths[-1].after < _SHORT_PAUSE)
    return cost + _TOO_SHORT * (seconds < settings.shortest)


def _ends_sentence(word: Word) -> bool:
    return word.text.rstrip().rstrip(_CLOSERS).endswith(tuple(_SENTENCE_ENDS))
