"""Say what each level of tokens carries, by taking it away and by taking it from somebody else.

dropped   every token of the level becomes the one that is commonest over the recordings, so that
          the level says nothing any more
swapped   the level's tokens come from another recording, of another speaker where there is one,
          repeated or cut to the length

A score of what is decoded then, less the score of what is decoded from the tokens as they are, says
what went with the level. How much a level matters depends on the levels that stay: those of a
residual quantizer refine each other. A swap that costs more than a drop says that the decoder
trusts the level; a score of the voice that falls by a swap alone, that the level says who speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval, paired_interval
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.evaluate.stability import Decodes
from vocable.measures.measure import Measure
from vocable.measures.recordings import score_recordings
from vocable.measures.registry import find
from vocable.measures.tokens import count_codes
from vocable.tokens import AudioTokens

DROPPED, SWAPPED = "dropped", "swapped"


@dataclass(frozen=True)
class Carried:
    """What one level does to one measure.

    level     its number, from 0
    change    how the level was changed: "dropped" or "swapped"
    measure   the measure's name
    intact    the mean with all levels as they are, over the same recordings
    gain      the mean of changed - intact, with its interval over speakers
    scored    recordings that have both scores, of `asked`
    """

    level: int
    change: str
    measure: str
    intact: float
    gain: Interval
    scored: int
    asked: int


@dataclass(frozen=True)
class LevelsReport:
    """What each level carries, and the recordings or scores that are missing, with reasons."""

    rows: tuple[Carried, ...]
    refusals: tuple[Refusal, ...]


def what_levels_carry(
    codec: Decodes, recordings: Iterable[Recording], measures: Iterable[str | Measure]
) -> LevelsReport:
    """Drop and swap each level of the tokens, and score what is decoded against the recording.

    measures: names of registered ones, or `Measure` values; scores are those of
    `score_recordings`. Raises MeasureError for fewer than two recordings that can be encoded: a
    swap needs another one.
    """
    chosen, refusals = [find(measure) for measure in measures], list[Refusal]()
    encoded = list(attempt(recordings, lambda one: codec.encode(one.sound), refusals))
    check_some(encoded, refusals)
    if len(encoded) < 2:
        raise MeasureError("swapping levels needs two recordings or more, got one")
    usual = _commonest([tokens for _, tokens in encoded])
    cases = [_Case(*each, _donor(encoded, n), usual) for n, each in enumerate(encoded)]
    scored = []
    for case, found in attempt(cases, lambda one: one.scores(codec, chosen), refusals):
        scored.append((case.recording, found))
        refusals += [Refusal(case.name, reason) for reason in found.unscored]
    rows = [
        row
        for measure in chosen
        for level in range(len(usual))
        for change in (DROPPED, SWAPPED)
        for row in _row(scored, level, change, measure.name)
    ]
    return LevelsReport(tuple(rows), tuple(refusals))


@dataclass(frozen=True)
class _Found:
    """The scores of one recording, by level, change and measure; level -1 is what was intact."""

    values: dict[tuple[int, str, str], float]
    unscored: list[str]


@dataclass(frozen=True)
class _Case:
    """A recording's tokens, those that it borrows levels of, and the commonest of each level."""

    recording: Recording
    tokens: AudioTokens
    donor: AudioTokens
    usual: Sequence[int]

    @property
    def name(self) -> str:
        return self.recording.name

    def scores(self, codec: Decodes, measures: Sequence[Measure]) -> _Found:
        values: dict[tuple[int, str, str], float] = {}
        unscored: dict[str, None] = {}  # each reason once
        delay: float | None = None  # what the codec has; swapped levels hide it
        for level, change, tokens in self._changed():
            decoded, rate = codec.decode(tokens), tokens.spec.rate
            found = score_recordings(measures, self.recording.audio, decoded, rate, delay)
            delay = found.delay
            values |= {(level, change, name): score for name, score in found.scores.items()}
            unscored |= dict.fromkeys(found.unscored.values())
        return _Found(values, list(unscored))

    def _changed(self) -> Iterator[tuple[int, str, AudioTokens]]:
        yield -1, "", self.tokens
        for level, codes in enumerate(self.tokens.stacks):
            constant = np.full_like(codes, self.usual[level])
            yield level, DROPPED, with_level(self.tokens, level, constant)
            yield level, SWAPPED, with_level(self.tokens, level, self._borrowed(level))

    def _borrowed(self, level: int) -> np.ndarray:
        codes = self.donor.stacks[level]
        streams, length = self.tokens.stacks[level].shape
        rows = np.arange(streams) % codes.shape[0]
        found: np.ndarray = codes[rows][:, np.arange(length) % codes.shape[1]]
        return found


def with_level(tokens: AudioTokens, level: int, codes: np.ndarray) -> AudioTokens:
    """Return tokens with other codes `[streams, tokens]` in one level; all else stays."""
    stacks = [codes if k == level else own for k, own in enumerate(tokens.stacks)]
    return AudioTokens(tokens.spec, stacks, tokens.sides, tokens.durations, tokens.source)


def _commonest(encoded: Sequence[AudioTokens]) -> list[int]:
    shapes = {(each.spec.space, each.levels) for each in encoded}
    if len(shapes) > 1:
        raise MeasureError(f"recordings gave tokens of {len(shapes)} kinds; judge each by itself")
    sizes = [level.size for level in encoded[0].spec.levels[: encoded[0].levels]]
    return [
        int(np.sum([count_codes(each.stacks[k], size) for each in encoded], axis=0).argmax())
        for k, size in enumerate(sizes)
    ]


def _donor(encoded: Sequence[tuple[Recording, AudioTokens]], number: int) -> AudioTokens:
    """Return the tokens of the next recording of another speaker, or else of the next."""
    after = [*encoded[number + 1 :], *encoded[:number]]
    own = encoded[number][0].owner
    return next((tokens for one, tokens in after if one.owner != own), after[0][1])


def _row(
    scored: Sequence[tuple[Recording, _Found]], level: int, change: str, measure: str
) -> Iterator[Carried]:
    """Yield the row, if any recording has both scores."""
    key, intact = (level, change, measure), (-1, "", measure)
    both = [(one, f.values) for one, f in scored if key in f.values and intact in f.values]
    if both:
        before = np.array([values[intact] for _, values in both])
        after = np.array([values[key] for _, values in both])
        gain = paired_interval(before, after, [one.owner for one, _ in both])
        mean = float(before.mean())
        yield Carried(level, change, measure, mean, gain, len(both), len(scored))
