"""Units with a way back: a tokenizer of units and its vocoder, as one codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from vocable.audio import Audio
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError
from vocable.tokens import AudioTokens, TokenSpec
from vocable.unit_vocoder import UnitVocoder
from vocable.units.tokenizer import UnitTokenizer

Encodes: TypeAlias = Tokenizer | UnitTokenizer


class UnitCodec:
    """Encode recordings as units, and decode units by a vocoder of either kind.

    codec = vocable.load("units-16k", vocoder="FOLDER")
    codec.decode(codec.encode("talk.flac"), speaker=1)

    ModelError for a vocoder that was made for other units, or whose files do not say for which.
    """

    def __init__(self, tokenizer: Encodes, vocoder: UnitVocoder) -> None:
        if vocoder.spec.space != tokenizer.spec.space:
            raise ModelError(
                f"{vocoder.name} was made for units of {vocoder.spec.space} but {tokenizer.name} "
                f"gives {tokenizer.spec.space}; take the vocoder of these units"
            )
        self.tokenizer, self.vocoder = tokenizer, vocoder

    @property
    def spec(self) -> TokenSpec:
        """What the units are, with the rate that the vocoder writes."""
        return replace(self.tokenizer.spec, out_rate=self.vocoder.spec.out_rate)

    @property
    def name(self) -> str:
        """The tokenizer's name."""
        return self.tokenizer.name

    def __repr__(self) -> str:
        return f"<UnitCodec {self.spec.space}, decoded by {self.vocoder.name}>"

    def encode(self, source: Any, **options: Any) -> AudioTokens:
        """Encode a recording; options as the tokenizer's `encode` has them."""
        return self.tokenizer.encode(source, **options)

    def encode_batch(self, sources: Sequence[Any], **options: Any) -> list[AudioTokens]:
        """Encode several recordings; the same units as one by one."""
        return self.tokenizer.encode_batch(sources, **options)

    def encode_to(self, source: Any, target: Any, **options: Any) -> None:
        """Encode a file of any length to a token file; see the tokenizer's `encode_to`."""
        self.tokenizer.encode_to(source, target, **options)

    def decode(self, tokens: AudioTokens, **options: Any) -> Audio:
        """Decode units; options as the vocoder's `decode` has them."""
        return self.vocoder.decode(tokens, **options)

    def decode_batch(self, tokens: Sequence[AudioTokens], **options: Any) -> list[Audio]:
        """Decode several, one by one."""
        return self.vocoder.decode_batch(tokens, **options)

    def decode_to(self, source: Any, target: Any, **options: Any) -> None:
        """Decode a `.vcb` file of any length to an audio file; see the vocoder's `decode_to`."""
        self.vocoder.decode_to(source, target, **options)
