"""Say what a corpus holds, what its making took, and how its codes are used."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vocable.corpus.reading import Corpus
from vocable.corpus.report import runs
from vocable.measures.tokens import count_codes, perplexity, used_share

_PIECES = 16  # in which codes are counted


@dataclass(frozen=True)
class Cost:
    """What all runs took, those too that made again what a death had cost.

    real_time       seconds of sound for each second that a worker worked
    core_hours      hours of processor for 1,000 hours of sound
    price           of these, where the price of an hour is known
    """

    runs: int
    tokens_per_second: float  # of a worker
    real_time: float
    core_hours: float
    price: float | None = None


@dataclass(frozen=True)
class Use:
    """How the entries of a level are used in the pieces that were counted."""

    size: int
    used: float  # share of the entries, 0 to 1
    perplexity: float


@dataclass(frozen=True)
class Stats:
    """What `corpus_stats` finds.

    report      the sums over all recordings
    cost        None where nothing is known of the runs
    speakers, languages     hours by name, longest first, as far as the source says
    use         of each level, over `counted` tokens of `sampled` pieces
    """

    report: dict[str, Any]
    cost: Cost | None
    speakers: dict[str, float]
    languages: dict[str, float]
    use: tuple[Use, ...]
    counted: int
    sampled: int

    def to_dict(self) -> dict[str, Any]:
        """Return it all as JSON holds it."""
        return asdict(self)


def corpus_stats(
    folder: str | os.PathLike[str], *, price: float | None = None, seed: int = 0
) -> Stats:
    """Return what a finished corpus holds and cost.

    price: of an hour of one processor core. seed: draws the pieces in which codes are counted, 16
    at most. Errors as of `Corpus`.
    """
    corpus = Corpus(Path(folder))
    speakers, languages = _hours(corpus)
    made = range(corpus.plan.pieces)
    pieces = sorted(random.Random(seed).sample(made, min(_PIECES, len(made))))
    counts = _counts(corpus, pieces)
    use = tuple(
        Use(len(each), round(used_share(each), 6), round(perplexity(each), 3))
        for each in counts
        if each.sum()
    )
    counted = int(sum(each.sum() for each in counts))
    cost = _cost(runs(corpus.folder), price)
    return Stats(corpus.report, cost, speakers, languages, use, counted, len(pieces))


def _cost(lines: Sequence[dict[str, Any]], price: float | None) -> Cost | None:
    workers = [each for line in lines for each in line["by_worker"]]
    clock = sum(each["clock"] for each in workers)
    seconds = sum(line["seconds"] for line in lines)
    if not clock or not seconds:
        return None
    hours = sum(line["processor"] for line in lines) / seconds * 1000
    return Cost(
        len(lines), round(sum(each["tokens"] for each in workers) / clock, 1),
        round(seconds / clock, 2), round(hours, 3),
        None if price is None else round(hours * price, 4),
    )  # fmt: skip


def _hours(corpus: Corpus) -> tuple[dict[str, float], dict[str, float]]:
    """Return the hours of each speaker and language, where files of their own are described."""
    found: tuple[dict[str, float], dict[str, float]] = {}, {}
    for mark in corpus.marks():
        entries = corpus.entries(mark.piece)
        for item in mark.items if entries else ():
            entry = entries[item.id]
            for sums, name in zip(found, (entry.speaker, entry.language), strict=True):
                if name:
                    sums[name] = sums.get(name, 0.0) + item.seconds / 3600
    speakers, languages = (
        {name: round(hours, 6) for name, hours in sorted(sums.items(), key=lambda x: (-x[1], x[0]))}
        for sums in found
    )
    return speakers, languages


def _counts(corpus: Corpus, pieces: Sequence[int]) -> list[np.ndarray]:
    sizes = [level.size for level in corpus.spec.levels[: corpus.levels]]
    counts = [np.zeros(size, np.int64) for size in sizes]
    for piece in pieces:
        for _, tokens in corpus.read(corpus.mark(piece)):
            for level, codes in enumerate(tokens.stacks):
                counts[level] += count_codes(codes, sizes[level])
    return counts
