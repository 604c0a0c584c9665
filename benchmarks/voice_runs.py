"""What benchmarks.voice_minutes measures of a way to somebody's voice, and keeps in a file."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.speaking import Judge, Judged
from benchmarks.voice_ways import Way
from vocable.atomic import replacing
from vocable.errors import MeasureError
from vocable.fitting import fit
from vocable.language.say import Say, losses
from vocable.measures.speakers import similarity
from vocable.train.say.batches import Batches, batch_of
from vocable.train.say.packed import PackedSpeech, Utterance

REFERENCE = 75  # frames in which other speakers are heard, as in training
OF_A_SET = 20  # held-out utterances of each set of other speakers


@dataclass(frozen=True, eq=False)
class Target:
    """A held-out recording of hers: its text, and the embedding that speech should be like."""

    text: str
    voice: np.ndarray


@dataclass(frozen=True)
class Said:
    """A sentence, how many of its words were heard otherwise, and how like her it was said."""

    text: str
    seed: int
    errors: float
    words: float
    likeness: float


@dataclass(frozen=True)
class Surprise:
    """The bits that a model needs for an utterance: all levels of its frames, and durations."""

    name: str
    speaker: str
    bits: float
    frames: float


@dataclass(frozen=True)
class Run:
    """One way after so many minutes, with one seed.

    held_out: of her recordings. others: of other speakers' ones, each in its own voice.
    """

    way: str
    minutes: float
    seed: int
    said: tuple[Said, ...]
    held_out: tuple[Surprise, ...] = ()
    others: tuple[Surprise, ...] = ()
    share: float = 0.0
    seconds: float = 0.0
    best: int = 0


def kept(folder: Path, way: str, minutes: float, seed: int, texts: Sequence[str],
         measure: Callable[[], Run]) -> Run:  # fmt: skip
    """Return what was measured of these texts before, or measure it and keep it."""
    path = folder / f"{way.replace(' ', '')}-{minutes:g}-{seed}.json"
    if path.is_file():
        found = fit(Run, json.loads(path.read_text("utf-8")), path.name, MeasureError)
        if [each.text for each in found.said] == list(texts):
            return found
    run = measure()
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True) as fresh:
        fresh.write_text(json.dumps(asdict(run), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return run


class Measure:
    """Measures ways by one judge, on one set of sentences and held-out recordings."""

    def __init__(
        self, judge: Judge, texts: Sequence[str], recordings: Sequence[Target],
        judged: Sequence[Utterance], speech: PackedSpeech,
    ) -> None:  # fmt: skip
        self.judge, self.texts, self.recordings = judge, list(texts), recordings
        self.judged, self.speech = judged, speech

    def __call__(self, name: str, minutes: float, seed: int, way: Way) -> Run:
        """Let a way say every sentence, and count its bits."""
        heard = [
            self.judge(text, way.sayer.say(text, way.voice, language="en", seed=seed))
            for text in self.texts
        ]
        return Run(
            name, minutes, seed, said(heard, self.recordings, seed),
            tuple(surprises(with_voice(way.sayer.network, way.voice), self.judged)),
            () if "prompt" in name else surprises_of_others(way.sayer.network, self.speech),
            way.share, way.seconds, way.best,
        )  # fmt: skip


def said(found: Sequence[Judged], recordings: Sequence[Target], seed: int = 0) -> tuple[Said, ...]:
    """Return what was heard, each compared with the recordings of other texts."""
    made = []
    for each in found:
        alike = [
            similarity(each.voice, other.voice) for other in recordings if other.text != each.text
        ]
        errors, words = each.edits.errors, each.edits.length
        made.append(Said(each.text, seed, errors, words, float(np.mean(alike))))
    return tuple(made)


class _Fixed(nn.Module):
    """A voice, whatever is heard."""

    def __init__(self, numbers: Tensor) -> None:
        super().__init__()
        self.register_buffer("numbers", numbers)

    def forward(self, rows: Tensor, real: Tensor) -> Tensor:
        numbers: Tensor = self.numbers
        return numbers.expand(len(rows), -1)


def with_voice(network: Say, voice: Tensor) -> Say:
    """Return a network that hears everybody in one voice."""
    made = copy.deepcopy(network)
    made.voice = _Fixed(voice)  # type: ignore[assignment]
    return made


def surprises(network: Say, found: Sequence[Utterance]) -> tuple[Surprise, ...]:
    """Return the bits of utterances by a network that has a voice."""
    return tuple(_surprise(network, each, each.codes) for each in found)


def surprises_of_others(network: Say, speech: PackedSpeech) -> tuple[Surprise, ...]:
    """Return the bits of held-out speech, each in the voice of another utterance of the speaker."""
    splits, sets = speech.arrays["splits"], speech.arrays["sets"]
    chosen = [
        int(index)
        for name in np.unique(sets)
        for index in np.flatnonzero((splits == "valid") & (sets == name))[:OF_A_SET]
    ]
    heard = Batches(speech, chosen, 1, REFERENCE, {}, seed=1)
    return tuple(
        _surprise(network, speech[index], heard.batch([index]).reference[0].numpy())
        for index in chosen
    )


@torch.no_grad()
def _surprise(network: Say, each: Utterance, reference: np.ndarray) -> Surprise:
    batch, bits = batch_of([each], [reference]), 0.0
    for name, loss in losses(network.eval(), batch).items():
        count = batch.symbol_counts if name == "duration" else batch.frame_counts
        bits += float(loss) / math.log(2) * int(count)
    return Surprise(each.name, each.speaker, bits, len(each.codes))
