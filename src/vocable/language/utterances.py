"""What models that say utterances share: how they are asked, and how their streams end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from jaxtyping import Int64

from vocable.language.engine import Engine, Prompt
from vocable.language.generator import Generator
from vocable.language.guards import first_of, in_groups, stop_after, stop_at_repeats
from vocable.language.joining import check_most
from vocable.language.sampling import Sampling
from vocable.language.session import Follow, Legal, Session, Stop
from vocable.language.sound import DecodesSteps, Frames, Sound
from vocable.tokens import AudioTokens

Utterance = TypeVar("Utterance")
REPEATS = 12  # times that a frame may come in a row, about a second


@dataclass(frozen=True)
class Limits:
    """Frames that a text may take: `spare` and `per_id` for each of its ids, `most` for any."""

    most: int
    spare: int
    per_id: int

    def of(self, text: int) -> int:
        """Return what a text of so many ids may take."""
        return min(self.most, self.spare + self.per_id * text)


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a stream begins with, and what it goes on by.

    rows: ids `[positions, rows]`. text: how many of them are what is to be said. end: the model's
    own rule. steps: of a frame. follow, legal: see `session`.
    """

    rows: Int64[np.ndarray, "positions rows"]
    text: int
    end: Stop
    steps: int = 1
    follow: Follow | None = None
    legal: Legal | None = None


class UtteranceGenerator(Generator, Generic[Utterance]):
    """Say the last of several utterances. sampling: as published. limits: of a text."""

    sampling: ClassVar[Sampling]
    limits: ClassVar[Limits]

    def generate(
        self,
        utterances: Sequence[Utterance],
        *,
        sampling: Sampling | None = None,
        seed: int = 0,
        most: int | None = None,
        engine: Engine | None = None,
    ) -> Frames:
        """Return frames one by one, each as soon as it is whole.

        sampling: None: the published one. most: frames that are given at most, and have room; None:
        as many as the text may take. engine: whose streams this one joins (`start_engine`); None:
        one of its own. `reason` says how it ended: "end", the model said so; "length", at `most`;
        "overlong", at more than the text may take; "repeats", at one frame over and over;
        "context", "left", "error".
        """
        check_most(most)
        context: int = self.network.trunk.config.context
        if engine is not None:
            context = self.check_engine(engine).cache.context
        begins = self._begin(utterances, most, context)
        frames = self.limits.of(begins.text) if most is None else most
        steps = begins.steps * frames
        rules = [begins.end, in_groups(begins.steps, stop_at_repeats(REPEATS))]
        if most is None:
            rules.append(stop_after(steps, "overlong"))
        engine = engine or self.start_engine(1, context=min(context, len(begins.rows) + steps))
        session = engine.join(
            Prompt(torch.from_numpy(begins.rows)),
            sampling=sampling or self.sampling,
            seed=seed,
            most=None if most is None else steps,
            stop=first_of(*rules),
            follow=begins.follow,
            legal=begins.legal,
        )
        return self._frames(session)

    def speak(
        self,
        utterances: Sequence[Utterance],
        *,
        sampling: Sampling | None = None,
        seed: int = 0,
        most: int | None = None,
        engine: Engine | None = None,
    ) -> Sound:
        """Return sound as it is generated, blocks `[channels, samples]` at `codec.spec.writes` Hz.

        Options as of `generate`. What the last utterance begins with is not among it. ModelError
        without a codec.
        """
        codec = self._decoder()
        frames = self.generate(utterances, sampling=sampling, seed=seed, most=most, engine=engine)
        return Sound(frames, codec)

    @abstractmethod
    def _begin(self, utterances: Sequence[Utterance], most: int | None, context: int) -> Beginning:
        """Return how a stream of utterances begins, in a context of so many positions."""

    def _frames(self, session: Session) -> Frames:
        return session

    def _decoder(self) -> DecodesSteps:
        """Return what decodes the frames; ModelError without a codec."""
        return self.with_codec()

    def _check_sound(self, utterances: Sequence[Any]) -> None:
        for utterance in utterances:
            if isinstance(utterance.audio, AudioTokens):
                self._check_tokens(utterance.audio)
