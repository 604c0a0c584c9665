"""Move the pitch of a voice to the range of another, by the level of tokens that carries it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.audio import Audio, Voice
from vocable.codecs import Codec
from vocable.codecs.pitch_level import PitchLevel
from vocable.errors import ModelError, TokenError
from vocable.speak.conversion.rewriting import rewrite
from vocable.speak.conversion.sources import Progress, Target, one_channel
from vocable.tokens import AudioTokens, TokenFile


@dataclass(frozen=True)
class PitchRange:
    """Median of a voice's pitch in octaves over 1 Hz, and octaves between its quartiles.

    Both hold where some points are an octave off, as trackers of pitch err.
    """

    middle: float
    spread: float

    def to(self, other: PitchRange, hz: Float[Tensor, "*rows"]) -> Float[Tensor, "*rows"]:
        """Return pitch in Hz of this range as of the other, at most twice as wide, or half."""
        wider = min(2.0, max(0.5, other.spread / max(self.spread, 1e-3)))
        found: Tensor = 2 ** (other.middle + wider * (hz.log2() - self.middle))
        return found


def pitch_range(model: PitchLevel, pieces: Iterable[AudioTokens]) -> PitchRange:
    """Return the range of the pitch that tokens carry. TokenError where nothing is voiced.

    Values are counted, not kept: the book of contours has few.
    """
    counts: Counter[float] = Counter()
    for tokens in pieces:
        hz = to_numpy(model.pitch(tokens)).astype(np.float64)
        found, times = np.unique(hz, return_counts=True)
        counts.update(dict(zip(found.tolist(), times.tolist(), strict=True)))
    voiced = sorted(hz for hz in counts if hz > 0)
    if not voiced:
        raise TokenError("no voice is heard in the recording: none of its frames has a pitch")
    octaves, ends = np.log2(voiced), np.cumsum([counts[hz] for hz in voiced])

    def quartile(share: float) -> float:
        place = share * (ends[-1] - 1)
        low, high = octaves[np.searchsorted(ends, [int(place), ceil(place)], side="right")]
        return float(low + (place - int(place)) * (high - low))

    return PitchRange(quartile(0.5), quartile(0.75) - quartile(0.25))


def pitch_model(codec: Codec) -> PitchLevel:
    """Return the model of a codec whose tokens carry pitch. ModelError for another codec."""
    model: Any = codec.model
    if not isinstance(model, PitchLevel):
        raise ModelError(f"{codec.name} has no level of pitch to move; take speech-16k")
    return model


class PitchConversion:
    """Change the codes of pitch alone: what is said, how, and the timbre stay."""

    def __init__(self, codec: Codec) -> None:
        self.codec, self.model = codec, pitch_model(codec)

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, with its pitch in the range of a voice."""
        return self.codec.decode(self.tokens(self.codec.encode(one_channel(source)), voice))

    def convert_to(
        self, source: Any, target: Target, voice: Voice, *, overwrite: bool = False,
        progress: Progress = None,
    ) -> None:  # fmt: skip
        """Convert a file of any length to an audio file, in bounded memory; as `convert` does."""

        def change(file: TokenFile) -> Callable[[AudioTokens], AudioTokens]:
            return self.mover(file.chunks(), voice)

        rewrite(self.codec, source, target, change, overwrite=overwrite, progress=progress)

    def tokens(self, tokens: AudioTokens, voice: Voice) -> AudioTokens:
        """Return tokens with their pitch in the range of a voice; other levels stay."""
        return self.mover([tokens], voice)(tokens)

    def mover(
        self, pieces: Iterable[AudioTokens], voice: Voice
    ) -> Callable[[AudioTokens], AudioTokens]:
        """Return what moves the pitch of any of these tokens to the range of a voice."""
        wanted = pitch_range(self.model, [self.codec.encode(voice.audio)])
        own = pitch_range(self.model, pieces)
        return lambda tokens: self.model.map_pitch(tokens, lambda hz: own.to(wanted, hz))
