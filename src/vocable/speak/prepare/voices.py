"""Tell voices apart by embeddings of a few seconds each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from vocable.errors import MeasureError
from vocable.measures.speakers import Embed, check_embedding
from vocable.speak.prepare.cuts import Breath
from vocable.speak.prepare.spans import read_spans
from vocable.speak.prepare.stretches import Stretch

PART = 3.0  # seconds at most that are looked at together
_ENOUGH = 1.6  # seconds that tell a voice for sure
_LESS_SURE = 0.15  # by which the likeness of a shorter part may be below the setting
_NEAR = 0.7  # seconds: what is too short to tell belongs to what is nearer than this
_ASKED, _ROUNDS = 500, 10  # vectors that are asked whom they are like; times that a mean moves
NOBODY = -1  # the voice of a breath in which two speak, or somebody unlike all others


@dataclass(frozen=True, eq=False)
class Voices:
    """The voices of one recording, the one that speaks longest first.

    centres    [voices, dim], of length 1
    seconds    [voices], that each speaks
    """

    centres: Float[np.ndarray, "voices dim"]
    seconds: Float[np.ndarray, " voices"]


def group(
    vectors: Float[np.ndarray, "parts dim"], weights: Float[np.ndarray, " parts"], likeness: float
) -> Int[np.ndarray, " parts"]:
    """Return the group of each vector of length 1: 0 is the heaviest, 1 that of the rest …

    A group is all that is at least so like its own weighted mean; it is found from the vector that
    most others are like, and taken away. Each vector has one, if only its own.
    """
    groups = np.full(len(vectors), NOBODY)
    left = np.ones(len(vectors), bool)
    number = 0
    while left.any():
        inside = _densest(vectors, weights * left, likeness) & left
        groups[inside] = number
        left &= ~inside
        number += 1
    heavy = np.argsort([-weights[groups == n].sum() for n in range(number)], kind="stable")
    return np.asarray(np.argsort(heavy)[groups]) if number else groups


def _densest(
    vectors: Float[np.ndarray, "parts dim"], weights: Float[np.ndarray, " parts"], likeness: float
) -> np.ndarray:
    """Return which vectors are like the mean of those around the most popular one."""
    left = np.flatnonzero(weights)
    some = left[:: 1 + left.size // _ASKED]
    popular = max(some, key=lambda n: weights[vectors @ vectors[n] >= likeness].sum())
    inside = vectors @ vectors[popular] >= likeness
    for _ in range(_ROUNDS):
        again = vectors @ mean_of(vectors, weights * inside) >= likeness
        if np.array_equal(again, inside) or not again[left].any():
            break
        inside = again
    inside[popular] |= not inside[left].any()  # silence is not even like itself
    return np.asarray(inside)


def mean_of(
    vectors: Float[np.ndarray, "parts dim"], weights: Float[np.ndarray, " parts"]
) -> Float[np.ndarray, " dim"]:
    """Return the weighted mean, of length 1; 0 where all are 0."""
    mean = weights @ vectors
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12))


def voiced(
    path: Path, found: Sequence[Breath], embed: Embed, likeness: float
) -> tuple[list[Breath], Voices]:
    """Return breaths with the number of their voice in `Voices`, or NOBODY."""
    spoken = [n for n, breath in enumerate(found) if breath.words]
    parts = [(n, part) for n in spoken for part in _parts(found[n])]
    vectors = _embedded(path, [part for _, part in parts], embed)
    seconds = np.array([part.seconds for _, part in parts])
    long = seconds >= min(_ENOUGH, seconds.max(initial=0.0))
    groups = group(vectors[long], seconds[long], likeness)
    centres = [mean_of(vectors[long][groups == n], seconds[long][groups == n])
               for n in range(groups.max(initial=NOBODY) + 1)]  # fmt: skip
    near = vectors @ np.array(centres).T if centres else np.zeros((len(parts), 1))
    least = np.where(long, likeness, likeness - _LESS_SURE)
    labels = np.where(near.max(axis=1, initial=-1) >= least, near.argmax(axis=1), NOBODY)
    labels[long] = groups
    owners = np.array([n for n, _ in parts], int)
    breaths = list(found)
    for n in spoken:
        own = owners == n
        vector = tuple(mean_of(vectors[own], seconds[own]).tolist())
        breaths[n] = replace(found[n], voice=_one(labels[own]), vector=vector)
    breaths = _settled(breaths)
    spent = np.array([sum(b.seconds for b in breaths if b.voice == n) for n in range(len(centres))])
    return breaths, Voices(np.array(centres), spent)


def _parts(breath: Breath) -> list[Stretch]:
    count = ceil(breath.seconds / PART)
    size = breath.seconds / count
    return [Stretch(breath.begin + n * size, breath.begin + (n + 1) * size) for n in range(count)]


def _embedded(path: Path, parts: Sequence[Stretch], embed: Embed) -> Float[np.ndarray, "parts dim"]:
    """Return the embeddings of parts, of length 1; that of silence, which has none, is 0."""
    found = []
    for audio in read_spans(path, parts):
        try:
            vector = check_embedding(embed(audio.samples[0], audio.rate))
            found.append(vector / np.linalg.norm(vector))
        except MeasureError:
            found.append(None)
    dim = next((each.size for each in found if each is not None), 1)
    return np.array([np.zeros(dim) if each is None else each for each in found]).reshape(-1, dim)


def _one(labels: Iterable[int]) -> int:
    """Return the voice of all parts of a breath, if it is one."""
    found = set(labels)
    return int(found.pop()) if len(found) == 1 else NOBODY


def _settled(found: Sequence[Breath]) -> list[Breath]:
    """Give what is too short to tell the voice of what is nearest."""
    settled = list(found)
    for n, breath in enumerate(found):
        if breath.voice != NOBODY or not breath.words or breath.seconds >= _ENOUGH:
            continue
        near = [(breath.before, n - 1)] * (n > 0) + [(breath.after, n + 1)] * (n + 1 < len(found))
        gap, at = min(near, default=(_NEAR, n))
        if gap < _NEAR:
            settled[n] = replace(breath, voice=found[at].voice)
    return settled
