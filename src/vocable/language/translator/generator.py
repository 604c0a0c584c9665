"""A translator as it is used: units in, units out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from vocable.errors import ModelError, TokenError
from vocable.language.abilities import Abilities
from vocable.language.encoder_decoder import Written
from vocable.language.home import HomeGenerator
from vocable.language.search import beam_search
from vocable.language.translator.lesson import part_of
from vocable.language.translator.model import Translator
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens


@dataclass(frozen=True)
class Translated:
    """tokens: target units, equal neighbours joined where the model was trained so. nats: of each,
    on average, the end among them. reason: "end", or "length" where none came.
    """

    tokens: AudioTokens
    nats: float
    reason: Literal["end", "length"]


class TranslatorGenerator(HomeGenerator):
    """Translate units.

    model = vocable.load("FOLDER")
    model.translate(vocable.load("units-16k").encode("eins.wav")).tokens
    """

    network: Translator

    @property
    def abilities(self) -> Abilities:
        """What it can do: nothing of its own accord."""
        return replace(super().abilities, continues=False)

    def translate(
        self, source: AudioTokens, *, beam: int = 5, most: int | None = None
    ) -> Translated:
        """Return the units that say the same; how long each lasts is not among it.

        beam: sequences that go on side by side; 1: greedy. Lee et al. take 10 for joined units and
        1 for others. most: units at which it stops, where no end has come; None: three for each of
        the source and 30. TokenError for tokens of another kind, or none; ModelError for more than
        the model sees.
        """
        config = self.network.config
        units = part_of(config.source, {config.source.track: source})
        if not len(units):
            raise TokenError("there are no units to translate; the recording is empty")
        if len(units) > config.encoder.context:
            raise ModelError(
                f"{self.name} sees {config.encoder.context} units, but the recording has "
                f"{len(units)}; cut it at a pause"
            )
        room = config.decoder.context - 1
        most = min(room, 3 * len(units) + 30) if most is None else most
        if not 1 <= most <= room:
            raise ModelError(f"{self.name} writes 1 to {room} units, and {most} are asked for")
        with plain_settings(), torch.inference_mode():
            given = torch.from_numpy(units)[None, :, None].to(self.device)
            states = self.network.encode(given, [len(units)])[-1][0]
            scorer = Written(self.network, states, [config.begin], beam=max(1, beam), most=most)
            found = beam_search(scorer, beam=beam, end=config.end, most=most)
        codes = np.array([found.ids], np.int64).reshape(1, -1)
        return Translated(AudioTokens(self.spec, [codes]), found.mean, found.reason)
