"""Let a model speak in the voices of recordings, and ask whose voice that is.

    python -m benchmarks.voices say-16k --manifest MANIFEST [--speakers 16] [--prompts 3]

Of each speaker of the manifest with enough recordings, the first ones are what the model is shown,
and the others what its voice is compared with, by an embedding: beside those of every other
speaker. Prints in how many pairs the own voice is nearer, with 95 % intervals over speakers; the
same of the codec's round trip of the prompts (the ceiling), and of a voice that is another
speaker's (the floor, 50 %).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.sentences import HARVARD
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.evaluate.intervals import ratio_interval
from vocable.language.say import Sayer
from vocable.measures.speakers import RATE, Embed, load_embedding

COMPARED = 2  # recordings of a speaker, at least, that a voice is compared with


def main() -> None:
    """Print the share of pairs in which a voice is nearest to whose it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model that says texts")
    parser.add_argument("--manifest", type=Path, required=True, help="recordings of many speakers")
    parser.add_argument("--speakers", type=int, default=16)
    parser.add_argument("--prompts", type=int, default=3, help="recordings that the model is shown")
    parser.add_argument("--sentences", type=int, default=4)
    parser.add_argument("--embedding", default="resemblyzer")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sayer, embed = vocable.load(options.model), load_embedding(options.embedding)
    people = speakers_of(options.manifest, options.prompts, options.speakers)
    theirs = np.stack([mean_voice(embed, [c.read() for c in p.rest]) for p in people])
    spoken, codec = [], []
    for number, person in enumerate(people):
        progress(f"{number + 1} of {len(people)} speakers")
        heard = [clip.read().mono() for clip in person.shown]
        codec.append(mean_voice(embed, [sayer.codec.decode(sayer.codec.encode(a)) for a in heard]))
        spoken.append(mean_voice(embed, in_voice(sayer, heard, options.sentences)))
    print(heading(["whose voice", "speakers", "pairs", "own is nearer"]))
    for name, found in (
        (f"spoken, by {options.prompts} recordings", spoken),
        ("round trip of these", codec),
        ("spoken, by another's", spoken[1:] + spoken[:1]),
    ):
        print(line(name, np.stack(found), theirs))
    print(f"\n{describe('torch', threads=1)}")


class Person:
    """Recordings of a speaker that a model is shown, and the others."""

    def __init__(self, clips: Sequence[Clip], prompts: int) -> None:
        self.shown, self.rest = clips[:prompts], clips[prompts:]


def speakers_of(manifest: Path, prompts: int, most: int) -> list[Person]:
    """Return the first speakers that have enough recordings."""
    clips: dict[str, list[Clip]] = defaultdict(list)
    for clip in read_manifest(manifest):
        clips[clip.speaker].append(clip)
    enough = [each for each in clips.values() if len(each) >= prompts + COMPARED]
    return [Person(each, prompts) for each in enough[:most]]


def in_voice(sayer: Sayer, heard: Sequence[Audio], count: int) -> list[Audio]:
    """Return sentences in the voice of recordings."""
    voice = sayer.voice([vocable.Voice(audio) for audio in heard])
    return [sayer.say(text, voice, seed=k) for k, text in enumerate(HARVARD[:count])]


def mean_voice(embed: Embed, recordings: Sequence[Audio]) -> np.ndarray:
    """Return the mean embedding of recordings, of length 1."""
    found = [embed(each.mono().resample(RATE).samples[0], RATE) for each in recordings]
    mean: np.ndarray = np.mean(np.stack(found), axis=0)
    return mean / np.linalg.norm(mean)


def nearer(found: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return of each voice `[speakers, dim]` to how many others than its own it is less alike."""
    alike = found @ theirs.T
    wins: np.ndarray = (np.diag(alike)[:, None] > alike).sum(1)
    return wins


def line(name: str, found: np.ndarray, theirs: np.ndarray) -> str:
    """Return one row of the table."""
    wins, others = nearer(found, theirs), len(theirs) - 1
    pairs = np.full(len(wins), others, np.float64)
    rate = ratio_interval(wins.astype(np.float64), pairs, [str(k) for k in range(len(wins))])
    shown = f"{100 * rate.mean:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
    return row([name, str(len(wins)), str(len(wins) * others), shown])


if __name__ == "__main__":
    main()
