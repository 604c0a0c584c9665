"""Ask each part of a codec what it tells of speaker, phone and pitch: what leaks into which.

    python -m benchmarks.factors --codec NAME_OR_FOLDER… --data MANIFEST --keep FOLDER
        [--seeds 3] [--heads NAME…]

A part is the levels of one role (prosody, semantic, acoustic), each by itself, or a side of whole
recordings (FACodec's timbre). The manifest names two speakers or more, three recordings of each at
least, and states phones where it can. --heads are "ecapa" and "pooling" of speaker, "bilstm" and
"linear" of phone and pitch; a task that has none of those named is left out.

Pitch is told as which quarter of the recording's own range a frame lies in, of frames with a voice.
Prints a Markdown table: a row for each task, part and head, mean ± deviation over seeds, and what
is told without hearing ("usual"). What is trained goes into --keep and is not trained again.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.probes import TITLES, cells
from benchmarks.tables import heading, progress, row
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.evaluate.phones import token_times
from vocable.evaluate.probes import (
    Example,
    Heard,
    Input,
    Kept,
    Phones,
    Recorded,
    Store,
    Task,
    TokenInput,
    probe,
    summarise,
    tasks_of,
)
from vocable.evaluate.probes.sound import Sound
from vocable.evaluate.probes.splits import cross_validation
from vocable.load import load_codec
from vocable.measures import fundamental
from vocable.train.codec.factors.told import normalised_pitch

QUARTERS = (-0.67, 0.0, 0.67)  # of deviations of pitch in octaves
FOLDS = 4


@dataclass(frozen=True)
class SideInput:
    """A side of whole recordings, the same at each frame."""

    name: str
    codec: Codec
    levels: str  # the side's name

    @property
    def identity(self) -> str:
        """The space and the side."""
        return f"{self.codec.spec.space} {self.levels}"

    def hear(self, sound: Sound) -> Heard:
        """Encode, and repeat the side."""
        tokens = self.codec.encode(sound.read())
        times = token_times(tokens, 0)
        vector = tokens.sides[self.levels][0].astype(np.float32).ravel()
        return Heard(np.tile(vector, (len(times), 1)), times)


def main() -> None:
    """Train what is missing, print the table."""
    options = parse()
    torch.set_num_threads(1)
    clips, kept = read_manifest(options.data), Kept(options.keep / "heard.sqlite")
    tasks = (*tasks_of({"recordings": clips}, ["speaker", "phone"]).tasks, pitch(clips))
    inputs = [part for name in options.codec for part in parts(name, load_codec(name), kept)]
    store = Store(options.keep / "probes.jsonl")
    found = probe(
        tasks,
        lambda task: inputs,
        store,
        heads=options.heads,
        seeds=options.seeds,
        progress=lambda o: progress(f"{o.task} {o.system} {o.levels} {o.head} {o.seed}"),
    )
    print(heading(TITLES))
    for each in summarise(found):
        print(row(cells(each)))
    print("\n" + describe(threads=1))


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", nargs="+", required=True, metavar="NAME_OR_FOLDER")
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--heads", nargs="*", default=())
    parser.add_argument("--seeds", type=int, default=3)
    return parser.parse_args()


def parts(name: str, codec: Codec, kept: Kept) -> list[Input]:
    """Return the levels of each role, and the sides of whole recordings."""
    roles: dict[str, list[int]] = {}
    for k, level in enumerate(codec.spec.levels):
        roles.setdefault(level.role, []).append(k)
    levels = [
        TokenInput(f"{name}, {role}", codec, codec.spec.space, kept, tuple(chosen))
        for role, chosen in roles.items()
    ]
    return [*levels, *(SideInput(name, codec, side.name) for side in codec.spec.item_sides)]


def pitch(clips: list[Clip]) -> Task:
    """Return the task of telling the quarter of its range that each frame's pitch lies in."""
    examples = [Example(Recorded(c), c.speaker or c.name, phones=quarters(c)) for c in clips]
    if len({each.owner for each in examples}) < FOLDS:
        examples = [Example(e.sound, e.name, phones=e.phones) for e in examples]
    folds = cross_validation(examples, "recordings", FOLDS)
    return Task("pitch", "recordings", Phones(), ("bilstm", "linear"), folds)


def quarters(clip: Clip) -> tuple[tuple[float, float, str], ...]:
    """Return where each quarter is heard, in seconds."""
    samples = clip.read().mono().resample(fundamental.RATE).samples[0]
    edges = np.arange(len(samples) // fundamental.POINT + 1) * fundamental.POINT / fundamental.RATE
    voiced, octaves = normalised_pitch(samples, (edges[:-1] + edges[1:]) / 2)
    numbers = np.searchsorted(QUARTERS, octaves)
    return tuple(
        (float(edges[k]), float(edges[k + 1]), str(numbers[k])) for k in np.flatnonzero(voiced)
    )


if __name__ == "__main__":
    main()
