"""Sounds and a tokenizer whose level 0 says the label and whose level 1 is noise."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from vocable.audio import Audio
from vocable.evaluate.probes import Classify, Example, Fold, Kept, Settings, Task, TokenInput
from vocable.tokens import AudioTokens, Level, Source, TokenSpec

RATE, FRAME, FRAMES, ENTRIES = 8000, 320, 20, 16
SPEC = TokenSpec("made-up@1:0a1b", RATE, FRAME, 1, (Level(ENTRIES), Level(ENTRIES)), (1, 2))
QUICK = Settings(dim=16, dropout=0.1, batch=8, rate=0.01, rounds=10)


@dataclass(frozen=True)
class Tone:
    """A sound that is loud in the way that its label says: `steps` of 16 for each frame."""

    name: str
    steps: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"{self.name}{self.steps}"

    def read(self) -> Audio:
        loud = np.repeat((np.array(self.steps) + 1) / (ENTRIES + 1), FRAME)
        square = np.where(np.arange(loud.size) % 2, 1.0, -1.0)
        return Audio((loud * square).astype(np.float32), RATE)


class TwoLevels:
    """Level 0 is how loud each frame is; level 1 is drawn by the hash of the sound."""

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, source: Audio) -> AudioTokens:
        self.encoded += 1
        frames = source.samples.reshape(-1, FRAME)
        loud = np.round(np.abs(frames).max(axis=1) * (ENTRIES + 1) - 1).astype(int)
        drawn = np.random.default_rng(list(hashlib.sha256(frames.tobytes()).digest()))
        noise = drawn.integers(0, ENTRIES, len(loud))
        return AudioTokens(SPEC, (loud[None], noise[None]), source=Source(len(source), RATE, 1))

    def decode(self, tokens: AudioTokens) -> Audio:
        return Tone("", tuple(int(step) for step in tokens.stacks[0][0])).read()


def tokens(*chosen, tokenizer=None, kept=None) -> TokenInput:
    given = tokenizer or TwoLevels()
    return TokenInput("made-up", given, SPEC.space, kept or Kept(), chosen)


def examples(owners: int, of_each: int = 3, labels: int = 3, start: int = 0) -> list[Example]:
    """Frames of label k are drawn from entries 5k … 5k + 4."""
    made = []
    for owner in range(start, start + owners):
        for n in range(of_each):
            label = (owner + n) % labels
            drawn = np.random.default_rng([owner, n])
            steps = 5 * label + drawn.integers(0, 5, FRAMES)
            tone = Tone(f"{owner}-{n}", tuple(int(step) for step in steps))
            made.append(Example(tone, f"owner-{owner}", label="abc"[label]))
    return made


def classes(**changed) -> Task:
    """Eight owners to learn from, three to stop by, four to test."""
    fold = Fold(*(tuple(examples(count, start=at)) for count, at in ((8, 0), (3, 8), (4, 11))))
    task = Task("keyword", "tones", Classify(), ("pooling", "xvector"), (fold,))
    return replace(task, **changed)
