"""Have the words of a recording recognised, in windows that begin and end in pauses.

A recogniser hears half a minute at a time, and more of it at once is both faster and better than
snippet by snippet. Speech that goes on for longer is heard in windows that overlap by 2 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from vocable.errors import RecipeError
from vocable.measures.word_times import Word, WordRecogniser
from vocable.speak.prepare.spans import read_spans
from vocable.speak.prepare.stretches import Stretch

LONGEST = 26.0  # seconds of speech in a window, to which at most 2 s come on its sides
_SOONEST = 10.0  # seconds after which a window ends at its longest pause
_EDGE, _OVERLAP = 0.5, 1.0  # seconds that are heard around a window: in a pause, inside speech
_SURE = 0.8  # probability from which another language is another one


@dataclass(frozen=True)
class Window:
    """The words whose middle lies from `first` to `last` are taken from what `begin` to `end` has.

    All are seconds in the recording.
    """

    first: float
    last: float
    begin: float
    end: float


def windows(stretches: Sequence[Stretch]) -> list[Window]:
    """Return what is heard at once."""
    pieces = [piece for each in stretches for piece in _split(each)]
    groups: list[list[Stretch]] = []
    while pieces:
        count = _count(pieces)
        groups.append(pieces[:count])
        pieces = pieces[count:]
    ends = [0.0, *_seams(groups), float("inf")]
    return [
        Window(first, last, group[0].begin - _margin(first, group[0].begin),
               group[-1].end + _margin(group[-1].end, last))
        for group, first, last in zip(groups, ends[:-1], ends[1:], strict=True)
    ]  # fmt: skip


def _split(stretch: Stretch) -> list[Stretch]:
    """Part a stretch that is too long for one window into equal pieces, without looking at it."""
    parts = ceil(stretch.seconds / LONGEST)
    size = stretch.seconds / parts
    at = [stretch.begin + n * size for n in range(parts)] + [stretch.end]
    return [Stretch(*each) for each in zip(at[:-1], at[1:], strict=True)]


def _count(pieces: Sequence[Stretch]) -> int:
    """Return how many pieces the next window has: up to its longest pause, late enough."""
    begin = pieces[0].begin
    fit = sum(each.end - begin <= LONGEST for each in pieces)
    if fit == len(pieces):
        return fit
    late = [n for n in range(1, fit + 1) if pieces[n - 1].end - begin >= _SOONEST] or [fit]
    return max(late, key=lambda n: pieces[n].begin - pieces[n - 1].end)


def _seams(groups: Sequence[Sequence[Stretch]]) -> list[float]:
    return [(a[-1].end + b[0].begin) / 2 for a, b in zip(groups[:-1], groups[1:], strict=True)]


def _margin(one: float, other: float) -> float:
    """Return the seconds heard beyond an edge: half a pause at most, or into speech."""
    return min(_EDGE, other - one) if other > one else _OVERLAP


def recognise(
    path: Path,
    stretches: Sequence[Stretch],
    recogniser: WordRecogniser,
    language: str,
    report: Callable[[float], None],
) -> list[Word]:
    """Return all words of a recording with their times in it. report: the share that is done."""
    found: list[Word] = []
    todo = windows(stretches)
    for n, (window, audio) in enumerate(zip(todo, read_spans(path, _from_zero(todo)), strict=True)):
        begin = max(0.0, window.begin)
        moved = [w.moved(begin) for w in recogniser.words(audio.samples[0], audio.rate, language)]
        found += [w for w in moved if window.first <= (w.begin + w.end) / 2 < window.last]
        report((n + 1) / len(todo))
    return sorted(found, key=lambda word: word.begin)


def _from_zero(todo: Sequence[Window]) -> list[Stretch]:
    return [Stretch(max(0.0, each.begin), each.end) for each in todo]


def language_of(
    path: Path, stretches: Sequence[Stretch], recogniser: WordRecogniser, wanted: str
) -> str:
    """Return the language that a recording is in: the wanted one, or what is guessed for "".

    RecipeError where it is surely another one, and where the recogniser does not know it.
    """
    known = recogniser.languages
    if known:
        if wanted and wanted not in known:
            raise RecipeError(
                f'the recogniser hears "{", ".join(known)}", and --language is "{wanted}"; take '
                "another one, as --recogniser whisper-base"
            )
        return wanted or known[0]
    longest = max(windows(stretches), key=lambda each: each.end - each.begin)
    (audio,) = read_spans(path, _from_zero([longest]))
    guess = recogniser.guess(audio.samples[0], audio.rate)
    if guess is None and not wanted:
        raise RecipeError(f"{path}: the recogniser does not guess languages; say it by --language")
    if guess is None or guess[0] == wanted:
        return wanted
    if wanted and guess[1] >= _SURE:
        raise RecipeError(
            f'{path} is in another language: "{guess[0]}" ({guess[1]:.0%} sure), and the set is in '
            f'"{wanted}"; prepare it as a set of its own'
        )
    return wanted or guess[0]
