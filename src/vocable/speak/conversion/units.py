"""Say the units of a recording in another voice."""

from __future__ import annotations

from typing import Any

from vocable.audio import Audio, Voice
from vocable.codecs import Tokenizer
from vocable.errors import ModelError
from vocable.language.say import UnitSayer
from vocable.speak.conversion.sources import one_channel
from vocable.units import UnitTokenizer


class UnitConversion:
    """What is said and for how long is kept as units; a model says them anew.

    ModelError where the model says other units than the tokenizer's.
    """

    def __init__(
        self, tokenizer: Tokenizer | UnitTokenizer, sayer: UnitSayer, seed: int = 0
    ) -> None:
        if tokenizer.spec.space != sayer.units:
            raise ModelError(
                f"{sayer.name} says {sayer.units}, the units here are {tokenizer.spec.space}; "
                "take that tokenizer"
            )
        self.tokenizer, self.sayer, self.seed = tokenizer, sayer, seed

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, as it is said in a voice."""
        units = self.tokenizer.encode(one_channel(source))
        return self.sayer.decode(units, voice, seed=self.seed)
