"""Say the codes of a recording with the timbre of another, by a codec that holds it beside them.

So FACodec converts voices ("NaturalSpeech 3", Ju et al. 2024, arXiv:2403.03100, section 4.3); any
codec does whose sides say who speaks, as TiCodec and Kanade.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vocable.audio import Audio, Voice
from vocable.codecs import Codec
from vocable.errors import ModelError
from vocable.speak.conversion.rewriting import rewrite
from vocable.speak.conversion.sources import Progress, Target, one_channel
from vocable.tokens import AudioTokens, TokenFile


class TimbreConversion:
    """Keep all codes, and take what is said of a whole recording from the other one.

    ModelError for a codec whose tokens have no such side.
    """

    def __init__(self, codec: Codec) -> None:
        if not codec.spec.item_sides:
            raise ModelError(
                f"{codec.name} holds no timbre beside its codes; take a codec that does, as FACodec"
            )
        self.codec = codec

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, with the timbre of a voice."""
        return self.codec.decode(self.tokens(self.codec.encode(one_channel(source)), voice))

    def convert_to(
        self, source: Any, target: Target, voice: Voice, *, overwrite: bool = False,
        progress: Progress = None,
    ) -> None:  # fmt: skip
        """Convert a file to an audio file, as `convert` does.

        A timbre is found in all of a recording, so memory grows with it, as it does in encoding.
        """

        def change(file: TokenFile) -> Callable[[AudioTokens], AudioTokens]:
            return self._changer(voice)

        rewrite(self.codec, source, target, change, overwrite=overwrite, progress=progress)

    def tokens(self, tokens: AudioTokens, voice: Voice) -> AudioTokens:
        """Return tokens with the timbre of a voice; codes stay."""
        return self._changer(voice)(tokens)

    def _changer(self, voice: Voice) -> Callable[[AudioTokens], AudioTokens]:
        sides = self.codec.encode(one_channel(voice.audio)).sides
        return lambda own: AudioTokens(own.spec, own.stacks, sides, own.durations, own.source)
