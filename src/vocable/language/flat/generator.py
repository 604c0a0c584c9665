"""A flat model as it is used: it says a text, in a voice by its name or by recordings before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from vocable.errors import ModelError
from vocable.language.engine import Engine, Prompt
from vocable.language.flat.config import FlatConfig
from vocable.language.flat.cycles import CycleCodec, Cycles
from vocable.language.flat.model import Flat
from vocable.language.flat.utterances import Ids, Utterance, sequence, text_of
from vocable.language.generator import Generator
from vocable.language.guards import first_of, in_groups, stop_after, stop_at_repeats
from vocable.language.joining import check_most
from vocable.language.prompts import check_utterances
from vocable.language.sampling import RepetitionPenalty, Sampling
from vocable.language.session import Stop, stop_at
from vocable.language.sound import Sound
from vocable.tokens import AudioTokens, Level, legal_ids

# as published: the penalty counts all ids of a text that is as long as was generated at most
SAMPLING = Sampling(temperature=0.6, top_p=0.95, penalty=RepetitionPenalty(1.1, window=1200))
MOST = 1170  # cycles that are generated at most, 100 s: what published models have seen in one row
REPEATS = 12  # times that a cycle may come in a row, about a second
# cycles that a text may take: 2 s, and 0.8 s for each of its ids, two to three times slow speech
SPARE, PER_ID = 24, 10


class FlatGenerator(Generator):
    """Say texts.

    model = vocable.load("FOLDER")
    model.attach(vocable.load("hubertsiuzdak/snac_24khz"))
    for block in model.speak([Utterance("Good morning.", voice="tara")]): play(block)
    """

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
        for utterance in utterances:
            if isinstance(utterance.audio, AudioTokens):
                self._check_tokens(utterance.audio)
        last = len(utterances) - 1
        parts = [
            sequence(each, self.config.template, self.text, ended=number < last)
            for number, each in enumerate(utterances)
        ]
        return np.concatenate(parts)

    def generate(
        self,
        utterances: Sequence[Utterance],
        *,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        most: int | None = None,
        engine: Engine | None = None,
    ) -> Cycles:
        """Return codes `[slots]`, cycle by cycle, each as soon as it is whole.

        Of all ids only codes of a cycle's next slot are drawn, and the end only where a cycle would
        begin. most: cycles that are given at most, and have room; None: as many as the text may
        take. engine: whose streams this one joins (`start_engine`); None: one of its own. `reason`
        says how it ended: "end", the model said so; "length", at `most`; "overlong", at more than
        the text may take; "repeats", at one cycle over and over; "context", "left", "error".
        """
        check_most(most)
        ids = self.prompt(utterances)
        template, slots = self.config.template, self.config.template.slots
        text = len(text_of(utterances[-1], template, self.text))
        limit = min(MOST, SPARE + PER_ID * text) if most is None else most
        room = None if engine is None else self.check_engine(engine).cache.context
        context = self.config.trunk.context if room is None else room
        _check_room(len(ids), 0 if most is None else slots * most, context)
        context = min(context, len(ids) + slots * limit)
        engine = engine or self.start_engine(1, context=context)
        vocabulary = template.ids
        legal = legal_ids(vocabulary, range(slots))
        session = engine.join(
            Prompt(torch.from_numpy(ids[:, None])),
            sampling=sampling,
            seed=seed,
            most=None if most is None else slots * most,
            stop=self._stop(None if most is not None else limit),
            legal=lambda step: legal[step % slots],
        )
        return Cycles(session, vocabulary)

    def speak(
        self,
        utterances: Sequence[Utterance],
        *,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        most: int | None = None,
        engine: Engine | None = None,
    ) -> Sound:
        """Return sound as it is generated, blocks `[channels, samples]` at `codec.spec.writes` Hz.

        Options as of `generate`. What the last utterance begins with is not among it. ModelError
        without a codec.
        """
        codec = self.with_codec()
        cycles = self.generate(utterances, sampling=sampling, seed=seed, most=most, engine=engine)
        return Sound(cycles, CycleCodec(codec, self.config.template.ids.slots))

    def tokens(self, frames: Iterable[np.ndarray]) -> AudioTokens:
        """Return cycles that were generated, codes `[slots]`, as tokens of the codec."""
        vocabulary = self.config.template.vocabulary(self.with_codec().spec)
        offsets = np.array(vocabulary.offsets)
        rows = [np.asarray(codes) + offsets for codes in frames]
        return vocabulary.from_ids(np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int64))

    def _stop(self, limit: int | None) -> Stop:
        template = self.config.template
        rules = [stop_at(0, template.after[0]), in_groups(template.slots, stop_at_repeats(REPEATS))]
        if limit is not None:
            rules.append(stop_after(template.slots * limit, "overlong"))
        return first_of(*rules)

    def _levels(self) -> Sequence[Level]:
        return self.config.template.spec.levels


def _check_room(prompt: int, wanted: int, context: int) -> None:
    # the last id that is drawn is never read
    if prompt + max(0, wanted - 1) > context:
        beside = f", and {wanted} are to come," if wanted else ","
        raise ModelError(
            f"the prompt takes {prompt} positions{beside} but the context has {context}; give "
            "fewer or shorter utterances, or ask for less"
        )
