"""Convert recordings to other voices, and ask whose voice it is and what is still said.

    python -m benchmarks.conversion --manifest MANIFEST [--voices MANIFEST] [--speakers 12]
        [--ways units frames pitch] [--model FOLDER] [--figure FILE]

Of each speaker of --manifest, whose rows need a true text, one recording is said in the voice of
another speaker of --voices (default: the same manifest), each of whom has two recordings or more:
one is shown, another is compared with. Prints, with 95 % intervals over speakers:

to B, to A   cosine of the speaker embedding to another recording of B, and to A itself
words        word error against A's text, %
pitch        correlation of the logarithm of pitch with A's, where both are voiced

beside `A itself` and `A, round trip` (floors of B's likeness, ceilings of words) and `B, another
recording` (the ceiling of likeness); --figure draws words against likeness.
"""

from __future__ import annotations

import argparse
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio, Voice
from vocable.audio.manifest import Clip, read_manifest
from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval, bootstrap_interval, ratio_interval
from vocable.measures.fundamental import f0
from vocable.measures.recognisers import RATE, load_recogniser
from vocable.measures.speakers import load_embedding, similarity
from vocable.measures.words import word_edits
from vocable.speak.conversion import WAYS, conversion
from vocable.speak.conversion.names import VOCODER

LEAST, MOST = 2.5, 15.0  # seconds of a recording


@dataclass(frozen=True)
class Pair:
    """What A says, a recording of B that is shown, and another that it is compared with."""

    said: Clip
    shown: Clip
    other: Clip


@dataclass(frozen=True)
class Scores:
    """What is measured of one recording."""

    to_b: float
    to_a: float
    errors: int
    words: int
    pitch: float  # NaN where nothing is voiced in both


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, required=True, help="what is said, with texts")
    parser.add_argument("--voices", type=Path, help="recordings of the other voices")
    parser.add_argument("--speakers", type=int, default=12)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--model", default=VOCODER, help="what says units")
    parser.add_argument("--recogniser", default="whisper-tiny.en")
    parser.add_argument("--embedding", default="resemblyzer")
    parser.add_argument("--figure", type=Path, help="draw words against likeness to this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec, judge = vocable.load("speech-16k"), Judge(options.recogniser, options.embedding)
    pairs = pairs_of(options.manifest, options.voices or options.manifest, options.speakers)
    ways = {way: conversion(way, options.model) for way in options.ways}
    found: dict[str, list[Scores]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        progress(f"{number + 1} of {len(pairs)} speakers")
        own, other = pair.said.read().mono(), pair.other.read().mono()
        shown = Voice(pair.shown.read().mono())
        made = {"A itself": own, "A, round trip": codec.decode(codec.encode(own))}
        made |= {f"converted, {name}": way.convert(own, shown) for name, way in ways.items()}
        for name, audio in made.items():
            found[name].append(judge(pair.said, audio, own, other))
        found["B, another recording"].append(judge(None, shown.audio, own, other))
    print(heading(["", "to B", "to A", "word error, %", "pitch as A's"]))
    speakers = [pair.said.speaker for pair in pairs]
    for name, scores in found.items():
        print(line(name, scores, speakers))
    words = sum(each.words for each in found["A itself"])
    print(f"\n{len(pairs)} pairs, {words} words; {describe('torch', threads=1)}")
    if options.figure:
        from benchmarks.conversion_figure import draw

        *said, other = found
        points = {
            name: (mean_of("to_b", found[name], speakers), wrong(found[name], speakers))
            for name in said
        }
        draw(points, mean_of("to_b", found[other], speakers), options.figure)


class Judge:
    """What tells voices apart, and what hears words."""

    def __init__(self, recogniser: str, embedding: str) -> None:
        self.hear, self.embed = load_recogniser(recogniser), load_embedding(embedding)

    def __call__(self, said: Clip | None, audio: Audio, own: Audio, other: Audio) -> Scores:
        """Return the scores of a recording; said: what it should say, None: it is not asked."""
        samples, a, b = (each.mono().resample(RATE).samples[0] for each in (audio, own, other))
        voice, voice_a, voice_b = (self.embed(each, RATE) for each in (samples, a, b))
        errors = words = 0
        pitch = float("nan")
        if said is not None:
            edits = word_edits(said.text, self.hear(samples, RATE))
            errors, words = edits.errors, edits.length
            with contextlib.suppress(MeasureError):
                pitch = f0(a, samples[: len(a)], RATE).correlation
        return Scores(similarity(voice, voice_b), similarity(voice, voice_a), errors, words, pitch)


def pairs_of(manifest: Path, voices: Path, most: int) -> list[Pair]:
    """Return speakers of a manifest, each with another one of the voices, in turns."""
    said = {clip.speaker: clip for clip in reversed(fitting(manifest)) if clip.text}
    theirs: dict[str, list[Clip]] = defaultdict(list)
    for clip in fitting(voices):
        theirs[clip.speaker].append(clip)
    others = [each[:2] for each in theirs.values() if len(each) > 1]
    if not said or len(others) < 2:
        raise SystemExit("wanted are recordings with texts, and two voices of two recordings each")
    found = []
    for number, (speaker, clip) in enumerate(sorted(said.items())[:most]):
        turned = others[number % len(others) :] + others[: number % len(others)]
        in_turn = (*turned[1:], turned[0])
        shown, other = next(each for each in in_turn if each[0].speaker != speaker)
        found.append(Pair(clip, shown, other))
    return found


def fitting(manifest: Path) -> list[Clip]:
    """Return the recordings that are neither short nor long."""
    return [clip for clip in read_manifest(manifest) if LEAST <= clip.read().seconds <= MOST]


def mean_of(field: str, scores: Sequence[Scores], speakers: Sequence[str]) -> Interval:
    """Return the mean of a score, with its interval over speakers."""
    return bootstrap_interval(np.array([getattr(each, field) for each in scores]), speakers)


def wrong(scores: Sequence[Scores], speakers: Sequence[str]) -> Interval:
    """Return the word error in %, with its interval over speakers."""
    errors, words = (
        np.array([getattr(each, field) for each in scores], float) for field in ("errors", "words")
    )
    return ratio_interval(100 * errors, words, speakers)


def line(name: str, scores: Sequence[Scores], people: Sequence[str]) -> str:
    """Return one row of the table."""
    to_b, to_a = (mean_of(field, scores, people) for field in ("to_b", "to_a"))
    cells = [f"{each.mean:.3f} [{each.low:.3f}, {each.high:.3f}]" for each in (to_b, to_a)]
    if sum(each.words for each in scores):
        rate = wrong(scores, people)
        heard = np.array([np.isfinite(each.pitch) for each in scores])
        courses = np.array([each.pitch for each in scores])[heard]
        course = bootstrap_interval(
            courses, [who for who, one in zip(people, heard, strict=True) if one]
        )
        cells += [
            f"{rate.mean:.1f} [{rate.low:.1f}, {rate.high:.1f}]",
            f"{course.mean:.2f} [{course.low:.2f}, {course.high:.2f}]",
        ]
    return row([name, *cells, *[""] * (4 - len(cells))])


if __name__ == "__main__":
    main()
