"""Say whether decoded recordings keep their voices, and how far the embedding is to trust.

A similarity stands between a floor, that of different speakers, and a ceiling, that of other
recordings of the same speaker; where the embedding itself confuses many speakers, it says little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.audio import Audio
from vocable.evaluate.intervals import Interval, bootstrap_interval, ends
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some, check_sound
from vocable.evaluate.trials import drawn_rates
from vocable.measures.speakers import Embed, check_embedding, crossing

Vectors = Float64[np.ndarray, "recordings dim"]
DRAWS = 1000  # of speakers, for the interval of an equal error rate


@dataclass(frozen=True)
class Verification:
    """How often speakers are confused: the equal error rate of all trials, 0 to 1.

    interval   of the rate over speakers, who are drawn whole: trials of one recording hang together
    same, different
               the means of their scores
    trials     how many, of both kinds
    """

    interval: Interval
    same: float
    different: float
    trials: int

    @property
    def rate(self) -> float:
        """The equal error rate; 0.5 is chance."""
        return self.interval.mean


@dataclass(frozen=True)
class VoiceKept:
    """What became of voices in one system.

    similarity     of each decoded recording to what it was, mean and interval over speakers
    verification   trials of recordings as they are against decoded ones; None as above
    """

    similarity: Interval
    verification: Verification | None
    scored: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Voices:
    """Voices in a set, and what systems make of them.

    own        trials of the recordings as they are: the embedding's own errors on these speakers,
               with the floor (`different`) and the ceiling (`same`) of similarities. None where
               there are fewer than two speakers, or none has two recordings
    systems    by name
    """

    own: Verification | None
    systems: Mapping[str, VoiceKept]


def voices_kept(
    embed: Embed, systems: Mapping[str, Callable[[Audio], Audio]], recordings: Iterable[Recording]
) -> Voices:
    """Return how alike voices are before and after, and how well speakers are told apart.

    systems: by name, from a recording to the decoded one. Give speakers that the embedding was not
    trained on. Raises MeasureError if no recording can be judged.
    """
    refusals: list[Refusal] = []
    vectors = attempt(recordings, lambda one: embedded(embed, one.sound), refusals)
    known = [_Known(*each) for each in vectors]
    check_some(known, refusals)
    before = np.stack([each.vector for each in known])
    own = verify(before, before, [each.recording.owner for each in known])
    return Voices(own, {n: _kept(embed, s, known, refusals) for n, s in systems.items()})


def verify(
    enrolled: Vectors, tested: Vectors, speakers: Sequence[str], *, seed: int = 0
) -> Verification | None:
    """Return how often speakers are confused over all pairs of one enrolled and one tested.

    enrolled, tested: embeddings of the same recordings, of length 1; a recording is not tried
    against itself. Trials of both orders count where the two differ. None without trials of both
    kinds. seed: of the draws of speakers.
    """
    names, owner = np.unique(list(speakers), return_inverse=True)
    first, second = np.nonzero(~np.eye(len(owner), dtype=bool))
    scores = np.sum(enrolled[first] * tested[second], axis=1)
    is_same = owner[first] == owner[second]
    if not is_same.any() or is_same.all():
        return None
    rate = crossing(scores, is_same, np.ones(scores.size)).rate
    drawn = np.random.default_rng(seed).multinomial(
        names.size, np.full(names.size, 1 / names.size), DRAWS
    )
    rates = drawn_rates(scores, owner[first], owner[second], drawn.astype(np.float64))
    low, high = (float(end[0]) for end in ends(rates[:, None], np.ones((1, names.size))))
    return Verification(
        Interval(rate, low, high),
        float(scores[is_same].mean()),
        float(scores[~is_same].mean()),
        scores.size,
    )


@dataclass(frozen=True)
class _Known:
    """A recording, and the embedding of it as it is."""

    recording: Recording
    vector: Float64[np.ndarray, "dim"]

    @property
    def name(self) -> str:
        return self.recording.name


def _kept(
    embed: Embed,
    system: Callable[[Audio], Audio],
    known: Sequence[_Known],
    refusals: Iterable[Refusal],
) -> VoiceKept:
    named = list(refusals)

    def listen(one: _Known) -> Float64[np.ndarray, "dim"]:
        return embedded(embed, check_sound(system(one.recording.audio), "decoded recording"))

    made = list(attempt(known, listen, named))
    check_some(made, named)
    before = np.stack([one.vector for one, _ in made])
    after = np.stack([vector for _, vector in made])
    speakers = [one.recording.owner for one, _ in made]
    alike = bootstrap_interval(np.sum(before * after, axis=1), speakers)
    return VoiceKept(alike, verify(before, after, speakers), len(made), tuple(named))


def embedded(embed: Embed, audio: Audio) -> Float64[np.ndarray, "dim"]:
    """Return the embedding of a recording, all channels mixed, of length 1."""
    vector = check_embedding(embed(audio.mono().samples[0].astype(np.float64), audio.rate))
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit
