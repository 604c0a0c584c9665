"""Fetch the sounds that a report holds, and cut them so that all of them fit into the page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from vocable.audio import Audio
from vocable.evaluate.report.picks import Pick
from vocable.evaluate.sweep import Result
from vocable.tokens import AudioTokens

LONGEST = 5.0  # seconds of each sound
ROOM = 5_500_000  # bytes of all sounds together; in the page they take a third more
_SPARE = 0.95  # the part that is kept may be louder than the part that is cut

Sounds = Callable[[Result], Audio]
"""Return what a system made of a recording."""

Originals = Callable[[str], Audio]
"""Return a recording by its hash."""

ReadTokens = Callable[[str], AudioTokens]
"""Return tokens by the hash that names them."""


@dataclass(frozen=True)
class Excerpt:
    """The start of a recording, of what a system made of it, and its tokens if there are some.

    `fault` says why there is nothing to hear; then there is no audio.
    """

    pick: Pick
    original: Audio | None = None
    decoded: Audio | None = None
    tokens: AudioTokens | None = None
    fault: str = ""


def fetch(
    picks: Iterable[Pick], sounds: Sounds, originals: Originals, tokens: ReadTokens
) -> list[Excerpt]:
    """Return the first seconds of all picks, of one channel each."""
    return [_fetched(pick, sounds, originals, tokens) for pick in picks]


def _fetched(pick: Pick, sounds: Sounds, originals: Originals, tokens: ReadTokens) -> Excerpt:
    result = pick.result
    try:
        original = start(originals(result.recording), LONGEST)
        decoded = start(sounds(result), LONGEST)
        found = tokens(result.tokens) if result.tokens else None
    except Exception as error:  # systems may raise anything, also where they did not before
        reason = str(error).partition("\n")[0]
        return Excerpt(pick, fault=f"{type(error).__name__}: {reason}")
    if not len(original) or not len(decoded):
        return Excerpt(pick, fault="there is no sound in it")
    return Excerpt(pick, original, decoded, found)


def start(audio: Audio, seconds: float) -> Audio:
    """Return the first seconds of a recording, its channels mixed."""
    samples = audio.samples[:, : max(1, round(seconds * audio.rate))]
    return Audio(samples, audio.rate, allow_loud=True).mono()


def flac(audio: Audio) -> bytes:
    """Return a recording of one channel as a file of 16 bits."""
    buffer = io.BytesIO()
    samples = np.clip(np.round(audio.samples[0] * 2.0**15), -(2**15), 2**15 - 1).astype(np.int16)
    soundfile.write(buffer, samples, audio.rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def fitted(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Return excerpts that fit into `ROOM` together: the largest are cut, all to one size."""
    sizes = [_size(each) for each in excerpts]
    share = _share(sizes, ROOM)
    return [
        _cut(each, _SPARE * share / size) if size > share else each
        for each, size in zip(excerpts, sizes, strict=True)
    ]


def _size(excerpt: Excerpt) -> int:
    return sum(len(flac(audio)) for audio in (excerpt.original, excerpt.decoded) if audio)


def _share(sizes: Sequence[int], room: int) -> float:
    """Return what each may take at most, so that all fit: small ones leave their rest to others."""
    left = float(room)
    for done, size in enumerate(sorted(sizes)):
        share = left / (len(sizes) - done)
        if size > share:
            return share
        left -= size
    return float(room)


def _cut(excerpt: Excerpt, part: float) -> Excerpt:
    original, decoded = excerpt.original, excerpt.decoded
    if original is None or decoded is None:
        return excerpt
    seconds = part * original.seconds
    cut = start(original, seconds), start(decoded, seconds)
    return Excerpt(excerpt.pick, *cut, excerpt.tokens)
