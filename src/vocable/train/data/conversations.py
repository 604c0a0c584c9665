"""Make conversations of recordings of single speakers: two channels, with turns, gaps, overlaps.

Speech is cut at pauses from 0.1 s on, and a turn is some stretches of a speaker that follow one
another, with the pauses between them up to 0.5 s. Its wanted length is log-normal with a median of
2 s (sigma 0.6); it begins where the other's ends, give or take (normal, deviation 0.5 s), at most
1 s and half of that turn before it: half of all overlap. Each stretch is as loud as all others. A
channel in which nobody speaks is silence. What is said means nothing, and nobody answers: such
conversations have the times of talk, and no more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from vocable.atomic import new_folder
from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import RecipeError
from vocable.measures.turns import Spoken, stretches

TURN, TURN_SIGMA = 2.0, 0.6  # seconds, and of the logarithm
OFFSET, OFFSET_DEVIATION = 0.0, 0.5  # seconds from the end of a turn to the next
MOST_OVERLAP = 1.0  # seconds
PAUSE, LONGEST_PAUSE = 0.1, 0.5  # seconds: where speech is cut, and what is left of a pause
LEAST = 1 / 3  # of the length that is asked for
LEVEL = 0.05  # root mean square of a stretch: -26 dBFS
FADE = 0.005  # seconds at both ends of a stretch
SET, MANIFEST = "conversations", "manifest.jsonl"


@dataclass(frozen=True)
class Conversation:
    """Samples `[2, samples]`, and the stretches of speech in both channels as they were laid."""

    samples: Float32[np.ndarray, "2 samples"]
    laid: tuple[Spoken, ...]


@dataclass(frozen=True)
class Made:
    """The manifest of conversations, and how many minutes there are of each split."""

    manifest: Path
    minutes: Mapping[str, float]


@dataclass(frozen=True)
class Said:
    """A stretch of speech, and the seconds of the pause behind it."""

    samples: Float32[np.ndarray, " samples"]
    pause: float


def make_conversations(
    clips: Sequence[Clip],
    folder: Path,
    minutes: Mapping[str, float],
    *,
    seconds: float = 30.0,
    rate: int = 16_000,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Made:
    """Write conversations into a new folder, as FLAC with a manifest.

    minutes: of each split, whose speakers talk with one another. seconds: of each conversation, at
    most; it ends where one of the two has said everything, and is left out if that is before a
    third of it. RecipeError for fewer than two speakers, for speakers who say too little, and for
    lengths that are none; FileExistsError for a folder that is there.
    """
    for name, value in {
        "seconds": seconds,
        **{f"minutes of {k}": v for k, v in minutes.items()},
    }.items():
        if not 0 < value < math.inf:
            raise RecipeError(f"{name} must be above 0, and finite, but are {value}")
    splits = {split: _voices(clips, split) for split in minutes}
    random, rows = np.random.default_rng(seed), list[dict[str, Any]]()
    made = dict.fromkeys(minutes, 0.0)
    with new_folder(folder) as unfinished:
        for split, wanted in minutes.items():
            for audio, about in _conversations(splits[split], split, seconds, rate, random):
                name = f"{split}-{len(rows):04d}.flac"
                audio.save(unfinished / name)
                rows.append({"path": name, "split": split, "set": SET, **about})
                made[split] += audio.seconds / 60
                if progress:
                    progress(min(1.0, made[split] / wanted))
                if made[split] >= wanted:
                    break
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (unfinished / MANIFEST).write_text(lines, encoding="utf-8")
    return Made(folder / MANIFEST, made)


def _voices(clips: Sequence[Clip], split: str) -> dict[str, list[Clip]]:
    """Return the recordings of each speaker of a split, of whom there are two or more."""
    voices: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.speaker and (clip.split or "train") == split:
            voices.setdefault(clip.speaker, []).append(clip)
    if len(voices) < 2:
        raise RecipeError(
            f"split {split} has recordings of {len(voices)} known speakers; a conversation needs "
            '2: "speaker" in the manifest'
        )
    return voices


def _conversations(
    voices: Mapping[str, Sequence[Clip]], split: str, seconds: float, rate: int,
    random: np.random.Generator,
) -> Iterator[tuple[Audio, dict[str, Any]]]:  # fmt: skip
    """Yield conversations without end, and what their rows say."""
    short = 0
    for pair in _pairs(sorted(voices), random):
        if short > len(voices):
            raise RecipeError(f"speakers of split {split} say too little for {seconds:g} s")
        spoken = [_in_order(voices[who], random) for who in pair]
        made = converse([_said(some, rate) for some in spoken], seconds, rate, random)
        if made.samples.shape[1] < LEAST * seconds * rate:
            short += 1
            continue
        short = 0
        licences = sorted({clip.licence or "unknown" for some in spoken for clip in some})
        yield Audio(made.samples, rate), {
            "speaker": "+".join(pair),
            "licence": ", ".join(licences),
            "laid": [[each.channel, round(each.begin, 3), round(each.end, 3)]
                     for each in made.laid],
        }  # fmt: skip


def converse(
    speakers: Sequence[Iterator[Said]], seconds: float, rate: int, random: np.random.Generator
) -> Conversation:
    """Let two speakers take turns, each of whom gives stretches of speech at the rate."""
    most = round(seconds * rate)
    out, laid = np.zeros((2, most), np.float32), list[Spoken]()
    who, at, free = 0, 0, [0, 0]  # free: from where on each may speak
    while at < most:
        begin, end = at, at
        wanted = rate * random.lognormal(np.log(TURN), TURN_SIGMA)
        while at - begin < wanted and at < most and (spoken := next(speakers[who], None)):
            part = spoken.samples[: most - at]
            end = at + len(part)
            out[who, at:end] = part
            laid.append(Spoken(who, at / rate, end / rate))
            at = end + round(spoken.pause * rate)
        if end == begin:
            break
        free[who] = at
        late = rate * random.normal(OFFSET, OFFSET_DEVIATION)
        early = min(MOST_OVERLAP * rate, (end - begin) / 2)
        who = 1 - who
        at = max(round(end + max(late, -early)), free[who])
    last = max((round(each.end * rate) for each in laid), default=0)
    return Conversation(out[:, :last], tuple(laid))


def _pairs(names: Sequence[str], random: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Yield pairs, everybody as often as all others."""
    while True:
        order = random.permutation(len(names))
        for one, other in zip(order[::2], order[1::2], strict=False):
            yield names[one], names[other]


def _in_order(clips: Sequence[Clip], random: np.random.Generator) -> list[Clip]:
    """Return a speaker's recordings, from anywhere on."""
    first = int(random.integers(len(clips)))
    return [*clips[first:], *clips[:first]]


def _said(clips: Sequence[Clip], rate: int) -> Iterator[Said]:
    """Yield the stretches of recordings, equally loud."""
    for clip in clips:
        samples = clip.read().mono().resample(rate).samples[0]
        found = stretches(samples, rate, pause=PAUSE)
        nexts = [*(each.begin for each in found[1:]), float("inf")]
        for each, after in zip(found, nexts, strict=True):
            part = samples[round(each.begin * rate) : round(each.end * rate)].copy()
            ramp = np.linspace(0, 1, round(FADE * rate), dtype=np.float32)
            part[: len(ramp)] *= ramp
            part[-len(ramp) :] *= ramp[::-1]
            part *= LEVEL / max(1e-6, float(np.sqrt(np.mean(part**2))))
            yield Said(part, min(LONGEST_PAUSE, after - each.end))
