"""CSM as it is used: it speaks a text in a voice that it is shown, or goes on with a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vocable.language.csm.config import CsmConfig
from vocable.language.csm.model import Csm
from vocable.language.csm.prompt import CsmPrompt, build_prompt, check_prompt
from vocable.language.csm.utterances import Utterance
from vocable.language.joining import check_most
from vocable.language.sampling import Sampling
from vocable.language.session import stop_at_step
from vocable.language.utterances import Beginning, Limits, UtteranceGenerator


class CsmGenerator(UtteranceGenerator[Utterance]):
    """Speak utterances of a conversation; frames are `[levels]`.

    model = vocable.load("FOLDER")
    voice = Utterance(0, "what she says there", model.codec.encode("her.wav"))
    for block in model.speak([voice, Utterance(0, "what she shall say")]): play(block)

    Utterances before the last are left out, the oldest first, where the context is full.
    """

    sampling = Sampling(temperature=0.9, top_k=50)  # of both models, as published
    # at most 90 s, as published; 2 s, and 0.8 s for each id, two to three times slow speech
    limits = Limits(most=1125, spare=25, per_id=10)
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
        self._check_sound(utterances)
        context = self.config.backbone.context if context is None else context
        if most is not None:  # the last frame is never read
            return build_prompt(utterances, self.config, self.text, room=context - most + 1)
        alone = build_prompt(utterances[-1:], self.config, self.text, room=context)
        room = max(len(alone.rows), context - self.limits.of(alone.text))
        return build_prompt(utterances, self.config, self.text, room=room)

    def _begin(self, utterances: Sequence[Utterance], most: int | None, context: int) -> Beginning:
        prompt = self.prompt(utterances, most, context)
        end = stop_at_step(np.zeros(self.config.levels, np.int64))
        return Beginning(prompt.rows, prompt.text, end, follow=_without_text)


def _without_text(frame: np.ndarray) -> np.ndarray:
    """Return a frame as the row that the backbone reads next."""
    return np.append(frame, -1)
