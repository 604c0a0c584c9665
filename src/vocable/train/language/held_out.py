"""Bits of held-out recordings, level by level, beside those of n-grams of what was trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch

from vocable.language.lessons import Asked, Hears, Learns, Lessons
from vocable.language.likelihood import target_of
from vocable.language.ngrams import ORDERS, NGrams
from vocable.measures.words import character_edits, error_rate, word_edits
from vocable.tokens import AudioTokens
from vocable.tokens.sets import TokenSet
from vocable.train.language.batches import lesson_of, windows
from vocable.train.language.tracks import Clock, Stretch

MOST = 4_000_000  # frames that n-grams are counted of, at most
_NATS = math.log(2)


def bits_of(
    network: Learns, clock: Clock, items: Sequence[int], seconds: float, positions: int,
    device: torch.device,
) -> dict[str, float]:  # fmt: skip
    """Return the bits that each level takes of a frame, of all levels (`frame`), and of an end.

    A frame is one of all streams; see `Asked.named` for the names of levels.

    Recordings are read in stretches of at most so many seconds, one after the other, each from its
    own beginning. Each level counts by the mean of its codes; of joined neighbours those that are.
    """
    asked = network.asked
    sums, counts = np.zeros(asked.end + 1), np.zeros(asked.end + 1)
    frames, spec = 0, None
    for batch, stretches in _batches(network, clock, items, seconds, positions):
        told = network.nats(batch.to(device))
        nats, many = told.sums(asked.end + 1)
        sums, counts = sums + nats.double().cpu().numpy(), counts + many.cpu().numpy()
        tokens = [clock.cut(stretch)[asked.track] for stretch in stretches]
        frames, spec = frames + sum(each.frames for each in tokens), tokens[0].spec
    assert spec is not None, "there are recordings to evaluate"
    found = {}
    for name, level in asked.named.items():
        mean = sums[level] / max(1, counts[level]) / _NATS
        stride = spec.levels[level % asked.last].stride
        often = counts[level] / frames if asked.dedup else 1 / stride
        found[name] = float(mean * often)
    found["frame"] = sum(found.values())
    if counts[asked.end]:
        found["end"] = float(sums[asked.end] / counts[asked.end] / _NATS)
    return found


def heard_of(
    network: Hearer, clock: Clock, items: Sequence[int], seconds: float, positions: int,
    device: torch.device,
) -> dict[str, float]:  # fmt: skip
    """Return the bits of a letter of held-out texts, and the errors of words and of letters."""
    nats, count = 0.0, 0
    words, letters = [], []
    for batch, stretches in _batches(network, clock, items, seconds, positions):
        given = batch.to(device)
        told = network.nats(given)
        nats, count = nats + float(told.nats.double().sum()), count + len(told.nats)
        for stretch, found in zip(stretches, network.hear(given), strict=True):
            text = clock.text(stretch)
            assert text is not None, "a lesson is made of a text"
            words.append(word_edits(text.words, found))
            letters.append(character_edits(text.words, found))
    return {
        "letter": nats / max(1, count) / _NATS,
        "word_errors": error_rate(words),
        "letter_errors": error_rate(letters),
    }


class Hearer(Learns, Hears, Protocol):
    """A network that writes what is said, and learns to."""


def _batches(
    network: Learns, clock: Clock, items: Sequence[int], seconds: float, positions: int
) -> Iterator[tuple[Lessons, list[Stretch]]]:
    """Yield all stretches in batches of like lengths, with what each is made of."""
    waiting = []
    for item in items:
        for stretch in windows(clock, item, seconds):
            lesson = lesson_of(network, clock, stretch)
            waiting.append((len(lesson), stretch, lesson))
    waiting.sort(key=lambda each: (each[0], each[1].item, each[1].first))
    while waiting:
        count = max(1, min(len(waiting), positions // waiting[0][0]))
        while count > 1 and waiting[count - 1][0] * count > positions:
            count -= 1
        some, waiting = waiting[:count], waiting[count:]
        if any((lesson.levels[1:] >= 0).any() for *_, lesson in some):
            yield Lessons.of([lesson for *_, lesson in some]), [stretch for _, stretch, _ in some]


def ngram_bits(
    tokens: TokenSet, asked: Asked, train: Sequence[int], held_out: Sequence[int]
) -> dict[int, dict[str, float]]:
    """Return what n-grams of each order need for the same tokens: bits of each level of a frame.

    Streams are counted together, and foretold each from itself.
    """
    known = count_ngrams(tokens, asked, train)
    held = [target_of(tokens.cut(index, asked.track), asked) for index in held_out]
    found = {}
    for order in ORDERS:
        bits = np.concatenate(
            [
                known.bits_per_frame((_stream(each, k) for each in held), order)[: asked.last]
                for k in range(asked.streams)
            ]
        )
        found[order] = {name: float(bits[level]) for name, level in asked.named.items()}
        found[order]["frame"] = sum(found[order].values())
    return found


def count_ngrams(tokens: TokenSet, asked: Asked, items: Sequence[int]) -> NGrams:
    """Return the n-grams of what a model is asked for in these recordings, of `MOST` frames."""
    counted, frames = [], 0
    for index in items:
        if frames >= MOST:
            break
        counted.append(target_of(tokens.cut(index, asked.track), asked))
        frames += counted[-1].frames
    return NGrams.fit([each for each in counted if each.frames])


def _stream(tokens: AudioTokens, stream: int) -> AudioTokens:
    stacks = [codes[stream : stream + 1] for codes in tokens.stacks]
    return tokens if tokens.streams == 1 else AudioTokens(tokens.spec, stacks)
