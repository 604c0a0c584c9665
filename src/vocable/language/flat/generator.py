"""A flat model as it is used: it says a text, in a voice by its name or by recordings before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from vocable.errors import ModelError
from vocable.language.flat.config import FlatConfig
from vocable.language.flat.cycles import CycleCodec, Cycles
from vocable.language.flat.model import Flat
from vocable.language.flat.utterances import Ids, Utterance, sequence, text_of
from vocable.language.prompts import check_utterances
from vocable.language.sampling import RepetitionPenalty, Sampling
from vocable.language.session import Session, stop_at
from vocable.language.utterances import Beginning, Limits, UtteranceGenerator
from vocable.tokens import AudioTokens, legal_ids
from vocable.tokens.spec_parts import AnyLevel


class FlatGenerator(UtteranceGenerator[Utterance]):
    """Say texts; frames are cycles, codes `[slots]`.

    model = vocable.load("FOLDER")
    model.attach(vocable.load("hubertsiuzdak/snac_24khz"))
    for block in model.speak([Utterance("Good morning.", voice="tara")]): play(block)

    Of all ids only codes of a cycle's next slot are drawn, and the end only where a cycle would
    begin.
    """

    # as published; the penalty counts all ids of a text that is as long as was generated at most
    sampling = Sampling(temperature=0.6, top_p=0.95, penalty=RepetitionPenalty(1.1, window=1200))
    # at most 100 s, what published models have seen in one row; 2 s, and 0.8 s for each id
    limits = Limits(most=1170, spare=24, per_id=10)
    network: Flat

    @property
    def config(self) -> FlatConfig:
        """What the network is made of."""
        return self.network.config

    def pack(self, weights: torch.dtype) -> None:
        self.network.untie()  # a step reads the whole head, and few rows of the table
        super().pack(weights)

    def prompt(self, utterances: Sequence[Utterance]) -> Ids:
        """Return the ids that a stream begins with.

        The last utterance is what is to be spoken: its text alone, or with the sound that it begins
        with. Those before it are whole, and show the voice to a model that has learnt to follow
        one. Raises TokenError for utterances that make no prompt.
        """
        check_utterances(utterances, Utterance, "Utterance('what is spoken')")
        self._check_sound(utterances)
        last = len(utterances) - 1
        parts = [
            sequence(each, self.config.template, self.text, ended=number < last)
            for number, each in enumerate(utterances)
        ]
        return np.concatenate(parts)

    def tokens(self, frames: Iterable[np.ndarray]) -> AudioTokens:
        """Return cycles that were generated, codes `[slots]`, as tokens of the codec."""
        vocabulary = self.config.template.vocabulary(self.with_codec().spec)
        offsets = np.array(vocabulary.offsets)
        rows = [np.asarray(codes) + offsets for codes in frames]
        return vocabulary.from_ids(np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int64))

    def _begin(self, utterances: Sequence[Utterance], most: int | None, context: int) -> Beginning:
        ids, template = self.prompt(utterances), self.config.template
        _check_room(len(ids), template.slots * (most or 0), context)
        text = text_of(utterances[-1], template, self.text)
        legal = legal_ids(template.ids, range(template.slots))
        return Beginning(
            ids[:, None], len(text), stop_at(0, template.after[0]), template.slots,
            legal=lambda step: legal[step % template.slots],
        )  # fmt: skip

    def _frames(self, session: Session) -> Cycles:
        return Cycles(session, self.config.template.ids)

    def _decoder(self) -> CycleCodec:
        return CycleCodec(self.with_codec(), self.config.template.ids.slots)

    def _levels(self) -> Sequence[AnyLevel]:
        return self.config.template.spec.levels


def _check_room(prompt: int, wanted: int, context: int) -> None:
    # the last id that is drawn is never read
    if prompt + max(0, wanted - 1) > context:
        beside = f", and {wanted} are to come," if wanted else ","
        raise ModelError(
            f"the prompt takes {prompt} positions{beside} but the context has {context}; give "
            "fewer or shorter utterances, or ask for less"
        )
