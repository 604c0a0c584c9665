"""Move the pitch of a voice to the range of another, by the level of tokens that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from vocable.audio import Audio, Voice
from vocable.codecs import Codec
from vocable.codecs.pitch_level import PitchLevel
from vocable.errors import ModelError, TokenError
from vocable.speak.conversion.sources import one_channel
from vocable.tokens import AudioTokens


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


def pitch_range(model: PitchLevel, tokens: AudioTokens) -> PitchRange:
    """Return the range of the pitch that tokens carry. TokenError where nothing is voiced."""
    hz = model.pitch(tokens)
    voiced = hz[hz > 0].double().log2()
    if not len(voiced):
        raise TokenError("no voice is heard in the recording: none of its frames has a pitch")
    low, middle, high = voiced.quantile(voiced.new_tensor([0.25, 0.5, 0.75])).tolist()
    return PitchRange(middle, high - low)


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

    def tokens(self, tokens: AudioTokens, voice: Voice) -> AudioTokens:
        """Return tokens with their pitch in the range of a voice; other levels stay."""
        wanted = pitch_range(self.model, self.codec.encode(voice.audio))
        own = pitch_range(self.model, tokens)
        return self.model.map_pitch(tokens, lambda hz: own.to(wanted, hz))
