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
import shlex
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.sentences import GERMAN, HARVARD, NEWS
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.evaluate.intervals import ratio_interval
from vocable.language.say import Manner, Sayer
from vocable.language.sound import Sound
from vocable.measures.recognisers import RATE, Recogniser, load_recogniser, whisper_base
from vocable.measures.speakers import load_embedding, similarity
from vocable.measures.words import Edits, word_edits
from vocable.tokens import AudioTokens
from vocable.train import export
from vocable.train.say.packed import PackedSpeech, read_packed

VOICE = 40  # utterances that make a voice
SENTENCES = {"en": [*HARVARD, *NEWS], "de": GERMAN}


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
    parser.add_argument("--language", choices=SENTENCES, default="en")
    parser.add_argument("--recogniser", help="default: whisper-tiny.en, or whisper-base")
    parser.add_argument("--embedding", help="resemblyzer: judge the voice too")
    parser.add_argument("--temperature", type=float, nargs="+", default=list(Manner().temperature))
    parser.add_argument("--levels", type=int)
    parser.add_argument("--out", type=Path, help="keep what was said in this folder")
    parser.add_argument(
        "--external", action="append", default=[], metavar="'NAME=CMD {text} {out}'",
        help="judge a program that says a text to a WAV file, too",
    )  # fmt: skip
    options = parser.parse_args()
    torch.set_num_threads(1)
    sayer, voice = vocable.load(options.model), options.speaker
    if options.speech:
        with tempfile.TemporaryDirectory() as folder:
            export(options.model, folder)
            sayer = vocable.load(folder)
        voice = voice_of(sayer, read_packed(options.speech), options.speaker)
    manner = Manner(temperature=tuple(options.temperature), levels=options.levels)
    texts = SENTENCES[options.language][-options.sentences :]

    def say(text: str, seed: int) -> Sound:
        return sayer.speak(text, voice, language=options.language, seed=seed, manner=manner)

    say(texts[0], 0).leave()  # what is read once is read
    clock = Clock(say, sayer.codec.spec.writes, options.out)
    # all of it before a recogniser is there, which would be timed with it
    audios = [(text, clock(text, seed)) for seed in range(options.seeds) for text in texts]
    speed = clock.summary()
    judge = Judge(recogniser(options.recogniser, options.language), options.embedding)
    clips = held_out(options.manifest, options.speaker) if options.manifest else []
    recordings = [judge(clip.text, clip.read()) for clip in clips]
    round_trips = [judge(clip.text, round_trip(sayer, clip)) for clip in clips]
    spoken = [judge(text, audio) for text, audio in audios]
    print(heading(["what", "items", "words", "word error", "likeness to the recordings"]))
    for name, found in (
        ("recordings", recordings),
        ("round trip", round_trips),
        ("spoken", spoken),
        *((name, by_program(command, texts, judge)) for name, command in named(options.external)),
        ("texts of others", shuffled(spoken)),
    ):
        if found:
            print(line(name, found, recordings))
    print(f"\n{speed}; {describe('torch', threads=1)}")


def named(external: Sequence[str]) -> list[tuple[str, str]]:
    """Return programs by their names."""
    pairs = [each.partition("=") for each in external]
    return [(name, command) for name, _, command in pairs]


def by_program(command: str, texts: Sequence[str], judge: Judge) -> list[Judged]:
    """Return what was heard of texts that a program says."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.wav"
        for text in texts:
            parts = [part.format(text=text, out=out) for part in shlex.split(command)]
            subprocess.run(parts, check=True, capture_output=True)
            found.append(judge(text, Audio.read(out)))
    return found


def recogniser(name: str | None, language: str) -> Recogniser:
    """Return what hears, by its name, or the usual one of a language."""
    if name or language == "en":
        return load_recogniser(name or "whisper-tiny.en")
    return whisper_base(language)


class Clock:
    """Lets sentences be said, and keeps how long each took; `say(text, seed)` gives blocks."""

    def __init__(self, say: Callable[[str, int], Sound], rate: int, out: Path | None) -> None:
        self._say, self._rate, self._out = say, rate, out
        self.first, self.seconds, self.spent = list[float](), 0.0, 0.0

    def __call__(self, text: str, seed: int) -> Audio:
        start = time.perf_counter()
        blocks = []
        for block in self._say(text, seed):
            if not blocks:
                self.first.append(time.perf_counter() - start)
            blocks.append(block)
        self.spent += time.perf_counter() - start
        audio = Audio(np.concatenate(blocks, axis=1), self._rate)
        self.seconds += audio.seconds
        progress(f"{len(self.first)} sentences")
        if self._out:
            self._out.mkdir(parents=True, exist_ok=True)
            audio.save(self._out / f"{len(self.first):03d}.wav", overwrite=True)
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
    found = [speech[int(index)].codes.T[:, None] for index in own]  # levels of one stream
    return sayer.voice([AudioTokens(spec, list(each)) for each in found])


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
