"""Compare matched patches again, each pair lined up to the sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vocable.measures.neurograms.alignment import lag
from vocable.measures.neurograms.nsim import Similarity, compare
from vocable.measures.neurograms.spectrogram import Sound, neurograms


@dataclass(frozen=True)
class Match:
    """A pair of patches: where they lie, in seconds, and how alike they are."""

    similarity: Similarity
    reference: tuple[float, float]  # start and end
    degraded: tuple[float, float]
    lost: bool = False


def realigned(match: Match, reference: Sound, degraded: Sound) -> Match:
    """Return the match with its sound lined up, or as it is where that is less alike."""
    if match.lost:
        return match
    x, y = _cut(reference, *match.reference), _cut(degraded, *match.degraded)
    x, y, late = _lined_up(x, y)
    similarity = compare(*neurograms(x, y))
    if similarity.mean < match.similarity.mean:
        return match
    rate = x.grid.rate
    start = match.reference[0] + late / rate
    return replace(match, similarity=similarity, reference=(start, start + x.samples.size / rate))


def _lined_up(x: Sound, y: Sound) -> tuple[Sound, Sound, int]:
    """Return what both share, and how many samples of x are before it."""
    shift = lag(x.samples, y.samples)
    early, late, rate = max(0, -shift), max(0, shift), x.grid.rate
    length = y.samples.size - early + late
    if length <= x.samples.size or not late:
        shared = min(x.samples.size, length)
        return x.part(0, shared), y.part(early, early + shared).after_silence(late), late
    cut = int(late / rate * rate)  # as ViSQOL: rounding may leave one sample of silence
    rest = x.samples.size - cut
    return x.part(cut, x.samples.size), y.after_silence(late - cut).part(0, rest), late


def _cut(sound: Sound, start: float, end: float) -> Sound:
    """Return the sound from one second to another; what is missing after it is put before it.

    The end of a recording loses one sample more: so ViSQOL has it.
    """
    rate, whole = sound.grid.rate, sound.samples.size
    part = sound.part(int(start * rate), min(whole - 1, int(end * rate)))
    return part.after_silence(max(0, int(end * rate - whole)))
