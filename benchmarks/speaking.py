"""Let a trained model say sentences that it has not learnt, and a recogniser hear them.

    python -m benchmarks.speaking say-16k [--speaker kathleen] [--manifest M]
    python -m benchmarks.speaking RUN --speech speech.npz [--speaker kathleen] [--manifest M]

RUN is a folder of `vocable train say`, whose last checkpoint is judged, with the voice of the
speaker's training utterances in the packed speech; other models have voices of their own. Prints
word errors with 95 % intervals over sentences; below them those of texts that were shuffled (the
floor) and, with a manifest, those of the speaker's held-out recordings and of their round trips
(the ceiling). With --embedding also how alike the voice is to those recordings. Then how fast it
was, and the matmul rate beside.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.sentences import HARVARD, NEWS
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.evaluate.intervals import ratio_interval
from vocable.language.say import Manner
from vocable.language.say.sayer import AnyVoice, Sayer
from vocable.measures.recognisers import RATE, Recogniser, load_recogniser
from vocable.measures.speakers import load_embedding, similarity
from vocable.measures.words import Edits, word_edits
from vocable.tokens import AudioTokens
from vocable.train import export
from vocable.train.say.packed import PackedSpeech, read_packed

VOICE = 40  # utterances that make a voice


@dataclass(frozen=True)
class Judged:
    """What was heard of one sentence, and the embedding of who said it."""

    text: str
    edits: Edits
    voice: np.ndarray | None


class Judge:
    """Hears sound: its words, and whose it is."""

    def __init__(self, hear: Recogniser, embedding: str | None) -> None:
        self.hear = hear
        self.embed = load_embedding(embedding) if embedding else None

    def __call__(self, text: str, audio: Audio) -> Judged:
        samples = audio.mono().resample(RATE).samples[0]
        voice = self.embed(samples, RATE) if self.embed else None
        return Judged(text, word_edits(text, self.hear(samples, RATE)), voice)


def main() -> None:
    """Say every sentence with every seed, print what was heard of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model that says texts, or the folder of a run")
    parser.add_argument("--speech", type=Path, help="packed speech, for the voice of a run")
    parser.add_argument("--speaker", default="kathleen")
    parser.add_argument("--manifest", type=Path, help="of real recordings, for the ceiling")
    parser.add_argument("--sentences", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recogniser", default="whisper-tiny.en")
    parser.add_argument("--embedding", help="resemblyzer: judge the voice too")
    parser.add_argument("--temperature", type=float, nargs="+", default=list(Manner().temperature))
    parser.add_argument("--levels", type=int)
    parser.add_argument("--out", type=Path, help="keep what was said in this folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    judge = Judge(load_recogniser(options.recogniser), options.embedding)
    sayer, voice = vocable.load(options.model), options.speaker
    if options.speech:
        with tempfile.TemporaryDirectory() as folder:
            export(options.model, folder)
            sayer = vocable.load(folder)
        voice = voice_of(sayer, read_packed(options.speech), options.speaker)
    manner = Manner(temperature=tuple(options.temperature), levels=options.levels)
    clips = held_out(options.manifest, options.speaker) if options.manifest else []
    recordings = [judge(clip.text, clip.read()) for clip in clips]
    round_trips = [judge(clip.text, round_trip(sayer, clip)) for clip in clips]
    texts = [*HARVARD, *NEWS][-options.sentences :]
    clock = Clock()
    spoken = [
        judge(text, clock.say(sayer, text, voice, seed, manner, options.out))
        for seed in range(options.seeds)
        for text in texts
    ]
    print(heading(["what", "items", "words", "word error", "likeness to the recordings"]))
    for name, found in (
        ("recordings", recordings),
        ("round trip", round_trips),
        ("spoken", spoken),
        ("texts of others", shuffled(spoken)),
    ):
        if found:
            print(line(name, found, recordings))
    print(f"\n{clock.summary()}; {describe('torch', threads=1)}")


class Clock:
    """Lets sentences be said, and keeps how long each took."""

    def __init__(self) -> None:
        self.first, self.seconds, self.spent = list[float](), 0.0, 0.0

    def say(
        self, sayer: Sayer, text: str, voice: AnyVoice, seed: int, manner: Manner,
        out: Path | None,
    ) -> Audio:  # fmt: skip
        start = time.perf_counter()
        blocks = []
        for block in sayer.speak(text, voice, seed=seed, manner=manner):
            if not blocks:
                self.first.append(time.perf_counter() - start)
            blocks.append(block)
        self.spent += time.perf_counter() - start
        audio = Audio(np.concatenate(blocks, axis=1), sayer.codec.spec.writes)
        self.seconds += audio.seconds
        progress(f"{len(self.first)} sentences")
        if out:
            out.mkdir(parents=True, exist_ok=True)
            audio.save(out / f"{len(self.first):03d}.wav", overwrite=True)
        return audio

    def summary(self) -> str:
        """Return how fast it was, and how fast the machine multiplies."""
        first = 1000 * statistics.median(self.first)
        pace = self.seconds / self.spent
        return (
            f"first sound after {first:.0f} ms (median), {pace:.1f} times real time, at "
            f"{matmul_rate():.0f} GFLOP/s"
        )


def matmul_rate() -> float:
    """Return 10⁹ operations a second of a product of matrices of 1024."""
    x = torch.ones(1024, 1024)
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        x @ x
        spent.append(time.perf_counter() - start)
    return 2 * 1024**3 / min(spent) / 1e9


def voice_of(sayer: Sayer, speech: PackedSpeech, speaker: str) -> torch.Tensor:
    """Return the mean voice of a speaker's first training utterances."""
    found = speech.arrays
    own = np.flatnonzero((found["speakers"] == speaker) & (found["splits"] == "train"))[:VOICE]
    spec = sayer.codec.spec
    codes = [speech[int(index)].codes.T[None].astype(np.int64) for index in own]
    return sayer.voice([AudioTokens(each, spec) for each in codes])


def held_out(manifest: Path, speaker: str) -> list[Clip]:
    """Return the speaker's recordings that are not trained on."""
    clips = read_manifest(manifest)
    return [c for c in clips if c.speaker == speaker and c.split == "valid" and c.text]


def round_trip(sayer: Sayer, clip: Clip) -> Audio:
    """Return a recording as the codec gives it back."""
    return sayer.codec.decode(sayer.codec.encode(clip.read().mono()))


def shuffled(found: Sequence[Judged]) -> list[Judged]:
    """Return the edits that texts of other sentences would have: each the next one's."""
    texts = [each.text for each in found]
    others = texts[1:] + texts[:1]
    return [
        Judged(text, word_edits(text, other), each.voice)
        for each, text, other in zip(found, texts, others, strict=True)
    ]


def line(name: str, found: Sequence[Judged], recordings: Sequence[Judged]) -> str:
    """Return one row of the table."""
    errors = np.array([each.edits.errors for each in found], np.float64)
    words = np.array([each.edits.length for each in found], np.float64)
    rate = ratio_interval(errors, words, [each.text for each in found])
    shown = f"{100 * rate.mean:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
    return row([name, str(len(found)), f"{words.sum():.0f}", shown, likeness(found, recordings)])


def likeness(found: Sequence[Judged], recordings: Sequence[Judged]) -> str:
    """Return the mean likeness of a voice to those of the recordings of other texts."""
    pairs = [
        similarity(each.voice, other.voice)
        for each in found
        for other in recordings
        if each.voice is not None and each.text != other.text
    ]
    return f"{np.mean(pairs):.3f}" if pairs else ""


if __name__ == "__main__":
    main()
