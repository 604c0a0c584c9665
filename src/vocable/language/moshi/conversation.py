"""Talk with Moshi in both directions at once: it hears a frame, and says one, every 80 ms.

The streams of an engine share a clock: a step is 80 ms for all. Who was not heard for a step was
silent to Moshi, and has lost nothing else. Rows begin late by the layout, and those of the user
as those of Moshi: the first step has initial ids alone, so the first frame that is heard is not
used; and as all levels but the first come later, the first frame is said at the second step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int, Int64, Shaped

from vocable.arrays import to_numpy
from vocable.errors import ModelError, TokenError
from vocable.language.engine import Engine, Prompt
from vocable.language.moshi.config import MoshiConfig
from vocable.language.moshi.model import Moshi
from vocable.language.sampling import Sampling
from vocable.language.session import Drawn, Session, Step, Stop

TEXT, SOUND = Sampling(0.7, top_k=25), Sampling(0.8, top_k=250)
SAMPLING = (TEXT, SOUND)  # as published
NOTHING = -1  # its embedding is 0


@dataclass(frozen=True)
class MoshiFrame:
    """A frame of what Moshi says: its codes `[levels]`, and the id of text that goes with them.

    Most frames have no text of their own: of Moshi's tokenizer 3 stands there, and 0 before a word.
    """

    text: int
    codes: Int64[np.ndarray, " levels"]


def converse(
    engine: Engine,
    *,
    sampling: Sampling | Sequence[Sampling] = SAMPLING,
    seed: int = 0,
    most: int | None = None,
    stop: Stop | None = None,
) -> Conversation:
    """Let a conversation join an engine of a Moshi.

    sampling: of the text, and of all levels; or one of both. most: steps that it may take; None: no
    end. stop: see `session`; it is shown steps as they are drawn, levels late. Raises ModelError
    where no place is free.
    """
    model = engine.model
    if not isinstance(model, Moshi):
        raise ModelError(f"converse needs a Moshi but the engine has {type(model).__name__}")
    text, sound = (sampling, sampling) if isinstance(sampling, Sampling) else sampling
    talk = Conversation(model.config)
    talk.session = engine.join(
        Prompt(torch.from_numpy(model.config.initial[None])),
        sampling=[text, *[sound] * model.config.levels],
        seed=seed,
        most=most,
        stop=stop,
        follow=talk.follow,
    )
    return talk


class Conversation:
    """Of one user: `step` hears a frame and says one.

    Of several in one engine, let all `hear` before the first is asked to `say`.
    """

    session: Session

    def __init__(self, config: MoshiConfig) -> None:
        self._config, self._begins = config, config.begins
        self._late = self._begins - self._begins.min()  # steps behind the first row
        kept = int(self._late.max()) + 1
        # the last frames that were heard, and the last steps that were said; newest last
        self._user = np.full((kept, config.user_levels), NOTHING, np.int64)
        self._drawn = np.zeros((kept, config.drawn), np.int64)
        self._input = config.initial.copy()  # of the step that comes next
        self._number = 0  # of that step
        self._read = 0  # steps that `say` has taken
        self._has_user = False

    @property
    def reason(self) -> str | None:
        """Why it ended, as in `Session`."""
        return self.session.reason

    def step(self, codes: Int[np.ndarray, " user_levels"] | None = None) -> MoshiFrame | None:
        """Hear a frame, None where there was none, and return what is said meanwhile; see `say`."""
        if codes is not None:
            self.hear(codes)
        return self.say()

    def hear(self, codes: Shaped[np.ndarray, " user_levels"]) -> None:
        """Take a frame for the step that comes next; TokenError for codes that the model lacks.

        ModelError where that step has one. After the end nobody listens.
        """
        found = to_numpy(codes)
        if found.shape != (self._config.user_levels,):
            raise TokenError(
                f"a frame has {self._config.user_levels} codes, one a level, but came as "
                f"{list(found.shape)}"
            )
        if found.dtype.kind not in "iu":
            raise TokenError(f"a frame has whole numbers as codes, not {found.dtype}")
        wrong = np.flatnonzero((found < NOTHING) | (found >= self._config.codes))
        if len(wrong):
            raise TokenError(
                f"code {found[wrong[0]]} of level {wrong[0]} is out of range; a level has codes 0 "
                f"to {self._config.codes - 1}, and -1 for nothing"
            )
        if self._has_user and self.reason is None:
            raise ModelError("a frame was heard for this step already; let it be said first")
        self._user[-1], self._has_user = found, True
        self._put_user()

    def say(self) -> MoshiFrame | None:
        """Return the frame that the next step completes; None while the first is not whole.

        Runs the engine, and so all its streams, unless somebody else has. ModelError where the
        conversation has ended.
        """
        drawn = next(self.session, None)
        if drawn is None:
            raise ModelError(f"the conversation has ended: {self.reason}; begin another")
        self._drawn = np.concatenate((self._drawn[1:], drawn[None]))
        self._read += 1
        if self._read < len(self._drawn):
            return None
        row = np.arange(self._config.drawn)
        frame = self._drawn[self._late[: len(row)], row]
        return MoshiFrame(int(frame[0]), frame[1:])

    def leave(self) -> None:
        """End the conversation; its place is free at once."""
        self.session.leave()

    def follow(self, drawn: Drawn) -> Step:
        """Return the next step's input, in which `hear` still changes what is heard.

        The engine reads it when it runs that step.
        """
        self._number += 1
        self._input = self._config.initial.copy()
        begun = self._begins[: len(drawn)] <= self._number
        self._input[: len(drawn)][begun] = drawn[begun]
        nothing = np.full((1, self._config.user_levels), NOTHING, np.int64)
        self._user = np.concatenate((self._user[1:], nothing))
        self._has_user = False
        self._put_user()
        return self._input

    def _put_user(self) -> None:
        """Write what was heard into the rows that have begun, each as late as it is."""
        first = self._config.drawn
        row = np.arange(self._config.user_levels)
        found = self._user[len(self._user) - 1 - self._late[first:], row]
        begun = self._begins[first:] <= self._number
        self._input[first:][begun] = found[begun]
