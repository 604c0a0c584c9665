"""Say a text several times and keep the best: by the words that are heard, then by the voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vocable.audio import Audio, Voice
from vocable.measures.recognisers import RATE, Recogniser
from vocable.measures.speakers import Embed, similarity
from vocable.measures.words import word_edits


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way in which a text was said.

    errors: words that a recogniser heard otherwise, by those of the text. likeness: of the voice to
    that of the recording, -1 to 1; None where there is none to compare with.
    """

    audio: Audio
    seed: int
    errors: float
    likeness: float | None

    @property
    def rank(self) -> tuple[float, float]:
        """What is sorted by; the least is the best."""
        return self.errors, -(self.likeness or 0.0)


def candidates(
    say: Callable[[int], Audio], seeds: Sequence[int], text: str, hear: Recogniser,
    embed: Embed | None = None, voice: Voice | None = None,
) -> list[Candidate]:  # fmt: skip
    """Return what each seed gives, the best first.

    hear: what writes down the words, as `load_recogniser` gives it. embed, voice: whose voice it
    should be, and what compares the two.
    """
    wanted = None if embed is None or voice is None else embed(*_heard(voice.audio))
    found = []
    for seed in seeds:
        audio = say(seed)
        samples, rate = _heard(audio)
        edits = word_edits(text, hear(samples, rate))
        likeness = (
            None if wanted is None or embed is None else similarity(embed(samples, rate), wanted)
        )
        found.append(Candidate(audio, seed, edits.errors / max(edits.length, 1), likeness))
    return sorted(found, key=lambda each: each.rank)


def _heard(audio: Audio) -> tuple[object, int]:
    return audio.mono().resample(RATE).samples[0], RATE
