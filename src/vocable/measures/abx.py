"""ABX: are two sayings of one phone nearer to each other than to a saying of another phone.

Schatz et al. 2013, "Evaluating speech features with the minimal-pair ABX task", in the form of
ZeroSpeech 2021 (Nguyen et al. 2020, arXiv 2011.11588) and fastabx (Poli et al. 2025, arXiv
2505.02692). For phones A and B: the share of triples (a, b, x), where x is another A than a, in
which x is nearer to b than to a; ties count half. 0 is best, 0.5 chance.

Slicing: a phone has the frames whose middle lies between its start and its end, both included.
Libri-Light and ZeroSpeech 2021 lose the last of them, so that their figures are a little better:
never put both in one column. `sayings_of` has both rules, by name.
Triphones: published figures are mostly of phones in context, "triphone": a, b and x stand between
the same two phones, and each has the frames of all three (`triphones=True`, `in_context=True`).
Distance: dynamic time warping over distances of frames, the sum along the path of least sum over
the number of its steps; where sums are equal, the diagonal comes first. Frames that are vectors lie
apart by their angle over π, codes by 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, permutations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from vocable.arrays import to_numpy
from vocable.errors import MeasureError
from vocable.measures.phones import PhoneSpan
from vocable.measures.warping import warped_distances

Frames = Shaped[np.ndarray, "frames ..."]  # [frames] integer codes, or [frames, dim] vectors
Context = tuple[str, str]
WHOLE, LIBRI_LIGHT = "whole", "libri-light"  # slicings
SLACK = 1e-6  # frames by which a rounded time may miss the middle of a frame
TOUCH = 1e-3  # seconds between phones of which one follows the other


@dataclass(frozen=True)
class Saying:
    """One phone, as somebody said it between two others.

    frames    of its tokens: codes `[frames]`, or vectors such as entries of codebooks, or features,
              `[frames, dim]`
    before, after
              the phones beside it: its context
    """

    frames: Frames
    phone: str
    speaker: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class AbxScore:
    """The ABX `error`, 0 to 1: the mean over `pairs` of phones of the means over their triples.

    Means are taken over contexts (and the speakers of x) first, then over speakers, then over pairs
    of phones, as in ZeroSpeech: no frequent phone outweighs the others.
    """

    error: float
    pairs: int
    triples: int


def sayings_of(
    frames: Any,
    spans: Sequence[PhoneSpan],
    rate: float | int,
    speaker: str,
    without: Collection[str] = (),
    slicing: str = WHOLE,
    triphones: bool = False,
) -> list[Saying]:
    """Cut one recording's frames into sayings of phones.

    frames: `[frames]` or `[frames, dim]`, `rate` of them a second, the first from 0 s on. without:
    phones that become no saying, but remain the context of others. Phones too short to hold the
    middle of a frame are left out: at low rates take longer pieces, as triphones. slicing: "whole",
    or "libri-light", which leaves out the last frame of each phone. triphones: frames are of the
    phone and of both that touch it, in time and not in `without`; what lacks one is left out.
    """
    if slicing not in (WHOLE, LIBRI_LIGHT):
        raise MeasureError(f'slicing is "{WHOLE}" or "{LIBRI_LIGHT}", got {slicing!r}')
    array = _as_frames(frames)
    names = ["", *(span[2] for span in spans), ""]
    found = []
    for k, (start, end, phone) in _triphones(spans, without) if triphones else enumerate(spans):
        first = max(0, math.ceil(start * rate - 0.5 - SLACK))
        stop = math.floor(end * rate - 0.5 + SLACK) + (slicing == WHOLE)
        part = array[first : max(first, stop)]
        if len(part) and phone not in without:
            found.append(Saying(part, phone, speaker, names[k], names[k + 2]))
    return found


def _triphones(
    spans: Sequence[PhoneSpan], without: Collection[str]
) -> Iterable[tuple[int, PhoneSpan]]:
    """Yield the place of each phone between two that touch it, and the span of all three."""
    for k in range(1, len(spans) - 1):
        (start, end, one), (first, last, phone), (begin, stop, other) = spans[k - 1 : k + 2]
        if max(first - end, begin - last) < TOUCH and not {one, other} & set(without):
            yield k, (start, stop, phone)


def abx(
    sayings: Iterable[Saying],
    *,
    across: bool = False,
    in_context: bool = True,
    most: int | None = 10,
    most_speakers: int | None = 5,
    seed: int = 0,
) -> AbxScore:
    """Return the ABX error of sayings of phones.

    across: x is of another speaker than a and b; else all three are of one. in_context: all three
    stand between the same phones; else contexts do not count. most: sayings taken of one phone,
    speaker and context, at most; most_speakers: speakers of x for each a and b (None: all). Which
    ones are drawn by `seed`. Raises MeasureError where no triple can be made.
    """
    random = np.random.default_rng(seed)
    scores: dict[tuple[str, str], dict[str, list[float]]] = {}
    triples = 0
    for group in _groups(_checked(sayings), across, in_context):
        chosen = _drawn(group, most, random)
        distances = warped_distances([saying.frames for saying in chosen])
        for cell in _cells(chosen, across, most_speakers, random):
            error = _error(distances, cell)
            scores.setdefault((cell.phone, cell.other), {}).setdefault(cell.speaker, []).append(
                error
            )
            triples += cell.triples
    if not scores:
        same = "two speakers" if across else "one speaker"
        raise MeasureError(
            f"ABX needs two phones by {same}{' in one context' * in_context}, one of them twice; "
            "take more recordings, or in_context=False"
        )
    means = [np.mean([np.mean(each) for each in by.values()]) for by in scores.values()]
    return AbxScore(float(np.mean(means)), len(means), triples)


@dataclass(frozen=True)
class _Cell:
    """Which sayings stand for a, b and x, as places among those of one group."""

    phone: str
    other: str
    speaker: str  # of a and b
    a: Int64[np.ndarray, "_"]
    b: Int64[np.ndarray, "_"]
    x: Int64[np.ndarray, "_"]

    @property
    def triples(self) -> int:
        return int(np.count_nonzero(_distinct(self))) * self.b.size


def _distinct(cell: _Cell) -> Bool[np.ndarray, "x a"]:
    """Return where x is not a itself."""
    found: np.ndarray = cell.x[:, None] != cell.a
    return found


def _error(distances: Float64[np.ndarray, "items items"], cell: _Cell) -> float:
    to_a, to_b = distances[np.ix_(cell.x, cell.a)], distances[np.ix_(cell.x, cell.b)]
    wrong = (1 + np.sign(to_a[:, :, None] - to_b[:, None, :])) / 2
    return float(wrong[_distinct(cell)].mean())


def _groups(sayings: Sequence[Saying], across: bool, in_context: bool) -> Iterator[list[Saying]]:
    """Yield the sayings that meet in cells: of one context, and of one speaker if not across."""

    def key(saying: Saying) -> tuple[str, ...]:
        context = (saying.before, saying.after) if in_context else ()
        return (*context, *(() if across else (saying.speaker,)))

    for _, group in groupby(sorted(sayings, key=key), key):
        yield list(group)


def _drawn(group: list[Saying], most: int | None, random: np.random.Generator) -> list[Saying]:
    """Return at most so many sayings of each phone and speaker."""
    if most is None:
        return group
    found: list[Saying] = []
    for places in _by_name(group).values():
        kept = random.permutation(places)[:most] if len(places) > most else places
        found += [group[k] for k in sorted(kept)]
    return found


def _by_name(group: Sequence[Saying]) -> dict[tuple[str, str], Int64[np.ndarray, "_"]]:
    """Return the places of each phone and speaker."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, saying in enumerate(group):
        found.setdefault((saying.phone, saying.speaker), []).append(place)
    return {key: np.array(places, np.int64) for key, places in found.items()}


def _cells(
    group: Sequence[Saying], across: bool, most_speakers: int | None, random: np.random.Generator
) -> Iterator[_Cell]:
    places = _by_name(group)
    for (phone, speaker), (other, same) in permutations(places, 2):
        if phone == other or speaker != same:
            continue
        a, b = places[phone, speaker], places[other, speaker]
        if not across:
            if a.size > 1:
                yield _Cell(phone, other, speaker, a, b, a)
            continue
        speakers = [who for each, who in places if each == phone and who != speaker]
        if most_speakers is not None and len(speakers) > most_speakers:
            speakers = sorted(random.permutation(speakers)[:most_speakers].tolist())
        for who in speakers:
            yield _Cell(phone, other, speaker, a, b, places[phone, who])


def _checked(sayings: Iterable[Saying]) -> list[Saying]:
    found = list(sayings)
    for saying in found:
        if not len(_as_frames(saying.frames)):
            raise MeasureError(f"a saying of {saying.phone} has no frames; leave it out")
    kinds = {(each.frames.dtype.kind in "iu", each.frames.shape[1:]) for each in found}
    if len(kinds) > 1:
        raise MeasureError("sayings must all be codes, or all vectors of one width")
    return found


def _as_frames(frames: Any) -> Frames:
    try:
        array = to_numpy(frames)
    except (TypeError, ValueError) as error:
        raise MeasureError(f"frames are not an array: {error}") from error
    is_codes = array.dtype.kind in "iu" and array.ndim == 1
    if not is_codes and not (array.dtype.kind == "f" and array.ndim == 2):
        raise MeasureError(
            "frames must be codes [frames] of integers or vectors [frames, dim] of floats, got "
            f"{array.dtype} of shape {array.shape}"
        )
    if not is_codes and array.size and not np.square(array, dtype=np.float64).sum(1).min() > 0:
        raise MeasureError("a vector is 0 or not finite, so it has no angle to others")
    return array
