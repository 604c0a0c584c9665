"""Say the units of a recording in another voice."""

from __future__ import annotations

from typing import Any

from vocable.audio import Audio, Voice
from vocable.speak.conversion.sources import one_channel
from vocable.unit_vocoder import UnitVocoder
from vocable.units.vocoder.codec import Encodes, UnitCodec


class UnitConversion:
    """What is said and for how long is kept as units; a vocoder says them anew.

    options: of its `decode`, as the seed of one that draws. ModelError where it was made for other
    units than the tokenizer's.
    """

    def __init__(self, tokenizer: Encodes, vocoder: UnitVocoder, **options: Any) -> None:
        self.codec, self.options = UnitCodec(tokenizer, vocoder), options

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, as it is said in a voice."""
        units = self.codec.encode(one_channel(source))
        return self.codec.decode(units, speaker=voice, **self.options)
