"""VALL-E's first model as it is used: it writes the first level of what is said."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Int64

from vocable.errors import ModelError, TokenError
from vocable.language.abilities import Abilities
from vocable.language.engine import Engine, Prompt
from vocable.language.guards import first_of, stop_after
from vocable.language.home import HomeGenerator
from vocable.language.lessons import Text
from vocable.language.sampling import GREEDY, RepetitionAware, Sampling
from vocable.language.session import Drawn, Follow, Legal, Session, stop_at
from vocable.language.valle.ar.config import ValleARConfig
from vocable.language.valle.ar.lesson import next_step, prompt_steps
from vocable.language.valle.ar.model import ValleAR
from vocable.language.valle.steps import phones, phones_of_both
from vocable.tokens import AudioTokens

SAMPLING = Sampling(top_p=0.8, aware=RepetitionAware())
PHONE = 16 / 75  # s that a symbol of the text may take: 16 frames of EnCodec, as published

Ends: TypeAlias = Literal["drawn", "likeliest"]
"""Where a recording ends: where its end is drawn, or where the end is the likeliest id."""


class ValleARGenerator(HomeGenerator):
    """Write the first level of a text in the voice of a prompt. `Valle` adds the others."""

    network: ValleAR

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        return replace(super().abilities, continues=False, clones=True, text="spoken")

    def write(
        self,
        text: Text,
        prompt: AudioTokens,
        prompt_text: Text,
        *,
        room: int | None = None,
        sampling: Sampling = SAMPLING,
        ends: Ends = "drawn",
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Session:
        """Return a session of groups of frames, of which `codes` makes the first level.

        prompt: tokens of the voice, one stream; prompt_text: what is said in them. room: frames
        that may come at most; None: as many as the context has. engine: whose streams it joins;
        None: one of its own. `reason` says how it ended: "end", the model said so; "overlong", at
        more than 16/75 s for each symbol of the text; "context", where there is no more room;
        "left", "error". TokenError for a text without words, a prompt without text or frames, and
        tokens of another model; ModelError where texts and prompt leave no room.
        """
        config = self.network.config
        self._check_tokens(prompt)
        if prompt.frames < config.groups:
            raise TokenError(
                f"the prompt has {prompt.frames} frames and a step {config.groups}; give some "
                "seconds of the voice"
            )
        if ends not in ("drawn", "likeliest"):
            raise ModelError(f'a stream ends where its end is "drawn" or "likeliest", not {ends!r}')
        steps = prompt_steps(config, phones_of_both(prompt_text, text), prompt)
        symbols = len(phones(text)) - 1  # what comes before its first word takes no time
        longest = math.ceil(PHONE * symbols * float(self.spec.frame_rate) / config.groups)
        context = (
            config.trunk.context if engine is None else self.check_engine(engine).cache.context
        )
        if len(steps) >= context or (room is not None and room < config.groups):
            raise ModelError(
                f"{self.name} sees {context} positions, and texts and prompt, which take "
                f"{len(steps)}, leave no room; take a shorter text, or a shorter prompt"
            )
        engine = engine or self.start_engine(1, context=min(context, len(steps) + longest + 1))
        known = sum(steps[:, 0] >= 0)
        rules = [stop_at(config.groups if ends == "likeliest" else 0, config.end)]
        rules.append(stop_after(longest, "overlong"))
        if room is not None:
            rules.append(stop_after(room // config.groups, "context"))
        return engine.join(
            Prompt(torch.from_numpy(steps), prefix=int(known)),
            sampling=[sampling] * config.groups + [GREEDY],
            seed=seed,
            stop=first_of(*rules),
            follow=_following(config, len(steps) - int(known)),
            legal=None if ends == "drawn" else _without_end(config),
        )

    def codes(self, steps: Iterable[Drawn]) -> Int64[np.ndarray, " frames"]:
        """Return groups that were written as the codes of the first level."""
        rows = [step[: self.network.config.groups] for step in steps]
        return np.concatenate([np.zeros(0, np.int64), *rows])


def _following(config: ValleARConfig, first: int) -> Follow:
    """Return what makes a step of what was drawn; first: where the first one stands."""
    at = first

    def follow(drawn: Drawn) -> np.ndarray:
        nonlocal at
        at += 1
        return next_step(config, at - 1, drawn)

    return follow


def _without_end(config: ValleARConfig) -> Legal:
    """Return which ids may be drawn where the likeliest alone ends a stream."""
    mask = np.ones((config.groups + 1, config.end + 1), bool)
    mask[0, config.end] = False
    return lambda step: mask
