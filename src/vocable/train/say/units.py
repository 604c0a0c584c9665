"""Recordings as units that are said: which, how long, and the tokens that they are said in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vocable.audio import Audio
from vocable.codecs import Tokenizer
from vocable.errors import RecipeError
from vocable.language.say import unit_rows
from vocable.text.timed import HOP
from vocable.train.say.packed import Alphabet
from vocable.units import UnitTokenizer


class Units:
    """Units of a tokenizer, one a frame of whole hops."""

    def __init__(self, tokenizer: Tokenizer | UnitTokenizer) -> None:
        spec = tokenizer.spec
        hops = spec.frame / spec.rate / HOP
        if len(spec.levels) != 1 or hops != round(hops):
            raise RecipeError(
                f"{spec.space} has {len(spec.levels)} levels, and frames of {hops:g} × 10 ms; "
                "units that are said have one level, and last whole 10 ms"
            )
        self._tokenizer, self._hops = tokenizer, round(hops)
        self.alphabet = Alphabet(replace(spec, out_rate=None), spec.levels[0].size)

    def of(self, audio: Audio, hops: int) -> tuple[np.ndarray, np.ndarray]:
        """Return symbols `[runs, 3]` of a recording and how long each lasts, `hops` in all."""
        return unit_rows(self._tokenizer.encode(audio), self._hops, hops)
