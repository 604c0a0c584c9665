"""Say what decoding does to words: what a recogniser hears before and after, over recordings.

The recogniser's own error comes first: of recordings as they are, against what was said. What it
hears of decoded sound is worth a claim where it lies outside that error's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vocable.audio import Audio
from vocable.evaluate.intervals import Interval, ratio_interval
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.measures.recognisers import Recogniser
from vocable.measures.words import CountEdits, Edits, word_edits


@dataclass(frozen=True)
class Transcripts:
    """What was heard of one recording: as it is, and decoded; `text` is what was said, if known."""

    name: str
    owner: str  # whom intervals draw: the speaker, else the recording
    text: str
    original: str
    decoded: str


@dataclass(frozen=True)
class Transcribed:
    """What was heard of a set, and the recordings that gave nothing, with reasons."""

    recordings: tuple[Transcripts, ...]
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class ErrorRate:
    """Errors over items of the references, of `scored` recordings; `interval` over speakers."""

    edits: Edits
    interval: Interval
    scored: int

    @property
    def rate(self) -> float:
        """Errors of all recordings over the items of all references."""
        return self.interval.mean


@dataclass(frozen=True)
class WordErrors:
    """What decoding does to words.

    own           the recogniser's error on the recordings as they are, against what was said
    decoded       its error on what was decoded, against what was said
    added         decoded - own, paired by recording
    differential  its error on what was decoded, against what it heard of the recordings as they
                  are: needs no text, and hides errors that both share
    claim         "more errors" or "fewer errors" if `decoded` lies outside the interval of `own`
                  and the interval of `added` excludes 0, else "no difference"; None without texts
    invented      recordings with more errors than words: recognisers may repeat or make up text
    refusals      recordings without a result, with reasons

    The first three and the claim are None where no recording has a text.
    """

    own: ErrorRate | None
    decoded: ErrorRate | None
    added: Interval | None
    differential: ErrorRate | None
    invented: tuple[str, ...]
    refusals: tuple[Refusal, ...]

    @property
    def claim(self) -> str | None:
        """What may be claimed of decoding."""
        if self.own is None or self.decoded is None or self.added is None:
            return None
        own, rate = self.own.interval, self.decoded.rate
        if rate > own.high and self.added.low > 0:
            return "more errors"
        return "fewer errors" if rate < own.low and self.added.high < 0 else "no difference"


def transcribe(
    recogniser: Recogniser,
    systems: Mapping[str, Callable[[Audio], Audio]],
    recordings: Iterable[Recording],
) -> dict[str, Transcribed]:
    """Return what a recogniser hears of recordings, and of what each system makes of them.

    systems: by name, from a recording to the decoded one, say
    `lambda audio: codec.decode(codec.encode(audio))`. Raises MeasureError if nothing can be heard.
    """
    refusals: list[Refusal] = []
    originals = attempt(recordings, lambda one: _text(recogniser, one.sound), refusals)
    known = [_Known(*each) for each in originals]
    check_some(known, refusals)
    return {name: _decoded(recogniser, system, known, refusals) for name, system in systems.items()}


def word_errors(transcribed: Transcribed, edits: CountEdits = word_edits) -> WordErrors:
    """Return the errors of what was heard, over the whole set.

    edits: what counts, `word_edits` (the default), `character_edits`, `phone_edits`, or your own.
    A recording in which nothing is heard before it is decoded has no differential error: it is
    left out of that, and named. Intervals are over speakers.
    """
    every, named = transcribed.recordings, list(transcribed.refusals)
    texts = [each for each in every if edits(each.text, "").length]
    own = [(each, edits(each.text, each.original)) for each in texts]
    decoded = [(each, edits(each.text, each.decoded)) for each in texts]
    both = [(each, edits(each.original, each.decoded)) for each in every]
    named += [Refusal(each.name, "nothing is heard in it") for each, e in both if not e.length]
    counted = [(each, found) for each, found in both if found.length]
    invented = {each.name for each, found in (*decoded, *counted) if found.errors > found.length}
    added = [
        (each, after.errors - before.errors, after.length)
        for (each, before), (_, after) in zip(own, decoded, strict=True)
    ]
    return WordErrors(
        own=_rate(own),
        decoded=_rate(decoded),
        added=_interval(added) if added else None,
        differential=_rate(counted),
        invented=tuple(each.name for each in every if each.name in invented),
        refusals=tuple(named),
    )


@dataclass(frozen=True)
class _Known:
    """A recording, and what is heard of it as it is."""

    recording: Recording
    text: str

    @property
    def name(self) -> str:
        return self.recording.name


def _decoded(
    recogniser: Recogniser,
    system: Callable[[Audio], Audio],
    known: Sequence[_Known],
    refusals: Iterable[Refusal],
) -> Transcribed:
    named = list(refusals)
    texts = attempt(known, lambda one: _text(recogniser, system(one.recording.audio)), named)
    found = [
        Transcripts(one.name, one.recording.owner, one.recording.text, one.text, text)
        for one, text in texts
    ]
    return Transcribed(tuple(found), tuple(named))


def _text(recogniser: Recogniser, audio: Audio) -> str:
    return recogniser(audio.mono().samples[0].astype(np.float64), audio.rate)


def _rate(found: Sequence[tuple[Transcripts, Edits]]) -> ErrorRate | None:
    if not found:
        return None
    total = sum((edits for _, edits in found), Edits(0, 0, 0, 0))
    each = [(one, edits.errors, edits.length) for one, edits in found]
    return ErrorRate(total, _interval(each), len(found))


def _interval(found: Sequence[tuple[Transcripts, int, int]]) -> Interval:
    owners = [one.owner for one, _, _ in found]
    errors = np.array([errors for _, errors, _ in found], np.float64)
    return ratio_interval(errors, np.array([length for _, _, length in found]), owners)
