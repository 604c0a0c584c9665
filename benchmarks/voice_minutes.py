"""Compare ways to somebody's voice, by the minutes of it: prompt, fine-tuning, both.

    python -m benchmarks.voice_minutes BASE --manifest M --speech speech.npz --speaker kathleen
        [--minutes 1 5 15 30] [--seeds 3] [--sentences 60] [--out FOLDER]

BASE says texts and has not heard the speaker, of whom the manifest lists recordings with texts,
train and valid; --speech is what it has learnt from. Five ways (`benchmarks.voice_ways`) say the
same sentences, each with seeds that are also those of its training. Measured are the likeness to
her held-out recordings (an embedding), word errors (a recogniser), the bits of a held-out frame in
her voice, and those of other speakers. One half of her held-out recordings stops trainings, the
other judges. Prints tables, and whether few parameters keep most of the gain; draws a figure. What
is done is kept in --out, and not done again: for another base or --set, take another folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks import voice_tables as tables
from benchmarks.machine import describe
from benchmarks.sentences import HARVARD, NEWS
from benchmarks.speaking import Judge, recogniser, round_trip
from benchmarks.tables import progress
from benchmarks.voice_runs import Measure, Run, Target, kept, said
from benchmarks.voice_ways import WAYS, Ways, number_of, prepare, voice_of_others
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.language.say import Sayer
from vocable.measures.recognisers import RATE
from vocable.measures.speakers import load_embedding
from vocable.train.say.packed import read_packed

BESIDE = ("recordings of others", "recordings", "round trip")
OTHERS = 40  # speakers whose recordings are the floor


def main() -> None:
    """Measure every way that is not measured yet, print and draw all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="a model that says texts, and has not heard the speaker")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True, help="packed: what the base learnt")
    parser.add_argument("--speaker", required=True)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 5, 15, 30])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=60)
    parser.add_argument("--voice", help="of the base, which it has without hers; or the mean")
    parser.add_argument("--recogniser", default="whisper-tiny.en")
    parser.add_argument("--embedding", default="resemblyzer")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="of the recipes")
    parser.add_argument("--out", type=Path, default=Path("voice_minutes"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    runs = measured(options)
    ways = [way for way in (*BESIDE, *WAYS) if any(run.way == way for run in runs)]
    print(tables.ways_table(runs, ways), tables.gains_table(runs), sep="\n\n")
    print("", tables.forgetting_table(runs), "", *tables.verdicts(runs), sep="\n")
    print(f"\n{describe('faster-whisper', 'resemblyzer', threads=1)}")
    from benchmarks.voice_figure import draw  # matplotlib, which --help does without

    draw(runs, options.speaker, options.out / "voice_minutes.png")


def measured(options: argparse.Namespace) -> list[Run]:
    """Return the runs of all ways, and what recordings come to."""
    clips = [clip for clip in read_manifest(options.manifest) if clip.text]
    hers = [clip for clip in clips if clip.speaker == options.speaker]
    base, speech = vocable.load(options.base), read_packed(options.speech)
    found = prepare(hers, options.speaker, max(options.minutes), base, options.out)
    judged = [hers[number_of(each.name)] for each in found.judged]
    recordings = targets(judged, options.embedding)
    judge = Judge(recogniser(options.recogniser, "en"), options.embedding)
    beside = of_recordings(
        judge, recordings, base, one_of_each(clips, options.speaker), judged, options.out / "runs"
    )
    voice = base.voices[options.voice].numbers if options.voice else voice_of_others(base, speech)
    ways = Ways(options.base, base, voice, found, options.set)
    texts = [*HARVARD, *NEWS][-options.sentences :]
    measure = Measure(judge, texts, recordings, found.judged, speech)
    return [*beside, *of_ways(ways, measure, options)]


def of_recordings(
    judge: Judge, recordings: Sequence[Target], base: Sayer, others: Sequence[Clip],
    judged: Sequence[Clip], folder: Path,
) -> list[Run]:  # fmt: skip
    """Return how like her, and how well understood, the floor and the ceilings are."""

    def heard(name: str, clips: Sequence[Clip], read: Callable[[Clip], Audio]) -> Run:
        def measure() -> Run:
            return Run(name, 0, 0, said([judge(c.text, read(c)) for c in clips], recordings))

        return kept(folder, name, 0, 0, [clip.text for clip in clips], measure)

    return [
        heard(BESIDE[0], others, Clip.read),
        heard(BESIDE[1], judged, Clip.read),
        heard(BESIDE[2], judged, lambda clip: round_trip(base, clip)),
    ]


def of_ways(ways: Ways, measure: Measure, options: argparse.Namespace) -> list[Run]:
    """Return the run of each way, number of minutes and seed; the base is of no minutes."""
    found = []
    for seed in range(options.seeds):
        for name in WAYS:
            for minutes in [0] if name == "base" else sorted(options.minutes):
                progress(f"{name}, {minutes:g} minutes, seed {seed}")
                found.append(
                    kept(
                        options.out / "runs", name, minutes, seed, measure.texts,
                        lambda at=(name, minutes, seed): measure(*at, ways(*at)),
                    )
                )  # fmt: skip
    return found


def targets(clips: Sequence[Clip], embedding: str) -> list[Target]:
    """Return recordings as what likeness is measured to."""
    embed = load_embedding(embedding)
    sounds = [clip.read().mono().resample(RATE).samples[0] for clip in clips]
    return [
        Target(clip.text, np.asarray(embed(sound, RATE)))
        for clip, sound in zip(clips, sounds, strict=True)
    ]


def one_of_each(clips: Sequence[Clip], but: str) -> list[Clip]:
    """Return a recording of each of some other speakers of her language, spread over all."""
    hers = next(clip for clip in clips if clip.speaker == but)
    found = {
        clip.speaker: clip
        for clip in clips
        if clip.speaker not in ("", but) and clip.language == hers.language
    }
    return list(found.values())[:: max(1, len(found) // OTHERS)][:OTHERS]


if __name__ == "__main__":
    main()
