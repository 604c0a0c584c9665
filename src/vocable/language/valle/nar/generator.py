"""VALL-E's second model as it is used: it fills in all levels but the first, likeliest codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Int64

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.home import HomeGenerator
from vocable.language.lessons import NOTHING, Text
from vocable.language.valle.nar.lesson import whole_steps
from vocable.language.valle.nar.model import ValleNAR
from vocable.language.valle.steps import AT, CODES, frames, phones_of_both
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens


class ValleNARGenerator(HomeGenerator):
    """Fill in the levels of a text whose first level is known, in the voice of a prompt."""

    network: ValleNAR

    @property
    def abilities(self) -> Abilities:
        """What it can do: of a second model, as part of `Valle`."""
        able = replace(super().abilities, continues=False, clones=True, text="spoken")
        return replace(able, levels=self.network.config.levels)

    def room(self, text: Text, prompt: AudioTokens, prompt_text: Text) -> int:
        """Return how many frames may follow the prompt; ModelError where there is none."""
        taken = len(phones_of_both(prompt_text, text)) + 1 + prompt.frames
        context = self.network.config.trunk.context
        if taken >= context:
            raise ModelError(
                f"{self.name} sees {context} positions, and texts and prompt, which take {taken}, "
                "leave no room; take a shorter text, or a shorter prompt"
            )
        return context - taken

    def fill(
        self,
        text: Text,
        prompt: AudioTokens,
        prompt_text: Text,
        first: Int64[np.ndarray, " frames"],
    ) -> AudioTokens:
        """Return all levels of what follows the prompt, of which `first` is the first level.

        Each level is the likeliest in one pass, so that the same comes of the same.
        """
        config = self.network.config
        self._check_tokens(prompt)
        known = frames(config, prompt, config.levels)
        target = np.full((len(first), config.levels), NOTHING)
        target[:, 0] = first
        steps = whole_steps(
            config, phones_of_both(prompt_text, text), np.concatenate((known, target))
        )
        ids = torch.from_numpy(steps)[None].to(self.device)
        asked = (ids[..., CODES] >= 0) & (ids[..., AT] >= len(known))
        with plain_settings(), torch.inference_mode():
            for level in range(1, config.levels if len(first) else 1):
                logits = self.network.logits(ids, [len(known)], level, asked)
                ids[..., CODES + level][asked] = logits.argmax(-1)
        codes = ids[0, len(steps) - len(first) :, CODES:].cpu().numpy()
        return AudioTokens(self.spec, [level[None].astype(np.int32) for level in codes.T])
