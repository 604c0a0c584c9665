"""A recogniser as it is used: tokens in, text out."""

from __future__ import annotations

from dataclasses import replace

import torch

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.home import HomeGenerator
from vocable.language.recogniser.lesson import frames_of
from vocable.language.recogniser.model import Recogniser
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens


class RecogniserGenerator(HomeGenerator):
    """Write what is said.

    model = vocable.load("FOLDER")
    print(model.transcribe(vocable.load("speech-16k").encode("talk.wav")))
    """

    network: Recogniser

    @property
    def abilities(self) -> Abilities:
        """What it can do: hear, and not speak."""
        return replace(super().abilities, continues=False, text="heard")

    def transcribe(self, tokens: AudioTokens, *, beam: int = 1) -> str:
        """Return what is said in one stream of tokens.

        beam: texts that are followed side by side; 1: the likeliest letter of each place.
        TokenError for tokens of another kind, or none; ModelError for more than the model sees.
        """
        config = self.network.config
        if beam < 1:
            raise ModelError(f"beam is 1 or more, not {beam}")
        frames = frames_of(config.part, {config.part.track: tokens})
        if len(frames) > config.trunk.context:
            raise ModelError(
                f"{self.name} sees {config.trunk.context} frames, but the recording has "
                f"{len(frames)}; cut it at a pause"
            )
        with plain_settings(), torch.inference_mode():
            given = torch.from_numpy(frames)[None].to(self.device)
            return self.network.read(self.network.forward(given, [len(frames)])[0], beam)
