"""CSM as it is used: it speaks a text in a voice that it is shown, or goes on with a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vocable.language.csm.config import CsmConfig
from vocable.language.csm.model import Csm
from vocable.language.csm.prompt import CsmPrompt, build_prompt, check_prompt
from vocable.language.csm.utterances import Utterance
from vocable.language.engine import Engine, Prompt
from vocable.language.generator import Generator
from vocable.language.guards import first_of, stop_after, stop_at_repeats
from vocable.language.joining import check_most
from vocable.language.sampling import Sampling
from vocable.language.session import Session, Stop, stop_at_step
from vocable.language.sound import Sound
from vocable.tokens import AudioTokens

SAMPLING = Sampling(temperature=0.9, top_k=50)  # of both models, as published
MOST = 1125  # frames that are generated at most, 90 s, as published
REPEATS = 12  # times that a frame may come in a row, about a second
# frames that a text may take: 2 s, and 0.8 s for each of its ids, two to three times slow speech
SPARE, PER_ID = 25, 10


class CsmGenerator(Generator):
    """Speak utterances of a conversation.

    model = vocable.load("FOLDER")
    voice = Utterance(0, "what she says there", model.codec.encode("her.wav"))
    for block in model.speak([voice, Utterance(0, "what she shall say")]): play(block)
    """

    network: Csm

    @property
    def config(self) -> CsmConfig:
        """What the network is made of."""
        return self.network.config

    def prompt(
        self,
        utterances: Sequence[Utterance],
        most: int | None = None,
        context: int | None = None,
    ) -> CsmPrompt:
        """Return what a stream begins with; see `build_prompt`.

        most: frames that must find room behind it; None: as many as the text may take, or less
        where its own utterance leaves less. context: positions; None: the model's.
        """
        check_prompt(utterances)
        check_most(most)
        for utterance in utterances:
            if isinstance(utterance.audio, AudioTokens):
                self._check_tokens(utterance.audio)
        context = self.config.backbone.context if context is None else context
        if most is not None:  # the last frame is never read
            return build_prompt(utterances, self.config, self.text, room=context - most + 1)
        alone = build_prompt(utterances[-1:], self.config, self.text, room=context)
        room = max(len(alone.rows), context - most_frames(alone))
        return build_prompt(utterances, self.config, self.text, room=room)

    def generate(
        self,
        utterances: Sequence[Utterance],
        *,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        most: int | None = None,
        engine: Engine | None = None,
    ) -> Session:
        """Return a session that gives frames `[levels]` one by one.

        Utterances before the last are left out, the oldest first, where the context is full. most:
        frames that are given at most, and have room; None: as many as the text may take. engine:
        whose streams this one joins (`start_engine`); None: one of its own. The session's `reason`
        says how it ended: "end", the model said so; "length", at `most`; "overlong", at more than
        the text may take; "repeats", at one frame over and over; "context", "left", "error".
        """
        room = None if engine is None else self.check_engine(engine).cache.context
        prompt = self.prompt(utterances, most, room)
        limit = most_frames(prompt) if most is None else most
        context = min(self.config.backbone.context, len(prompt.rows) + limit)
        engine = engine or self.start_engine(1, context=context)
        return engine.join(
            Prompt(torch.from_numpy(prompt.rows)),
            sampling=sampling,
            seed=seed,
            most=most,
            stop=self._stop(None if most is not None else limit),
            follow=_without_text,
        )

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
        session = self.generate(utterances, sampling=sampling, seed=seed, most=most, engine=engine)
        return Sound(session, codec)

    def _stop(self, limit: int | None) -> Stop:
        end = stop_at_step(np.zeros(self.config.levels, np.int64))
        rules = [end, stop_at_repeats(REPEATS)]
        return first_of(*rules, *([] if limit is None else [stop_after(limit, "overlong")]))


def most_frames(prompt: CsmPrompt) -> int:
    """Return how many frames the text of a prompt's last utterance may take."""
    return min(MOST, SPARE + PER_ID * prompt.text)


def _without_text(frame: np.ndarray) -> np.ndarray:
    """Return a frame as the row that the backbone reads next."""
    return np.append(frame, -1)
