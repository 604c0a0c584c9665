"""A transcriber as it is used: tokens in, passages with times out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.home import HomeGenerator
from vocable.language.recogniser.lesson import frames_of
from vocable.language.transcriber.model import Transcriber
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens, Transcript


@dataclass(frozen=True)
class Transcribed:
    """text: what is said. transcript: with times, in letters' ids. reason: "end" or "length"."""

    text: str
    transcript: Transcript
    reason: Literal["end", "length"]


class TranscriberGenerator(HomeGenerator):
    """Write what is said, and when.

    model = vocable.load("FOLDER")
    model.transcribe(vocable.load("speech-16k").encode("talk.wav")).transcript.passages
    """

    network: Transcriber

    @property
    def abilities(self) -> Abilities:
        """What it can do: hear, and not speak."""
        return replace(super().abilities, continues=False, text="heard")

    def transcribe(
        self, tokens: AudioTokens, *, language: str | None = None, beam: int = 1
    ) -> Transcribed:
        """Return what is said in one stream of tokens, at most 30 s.

        language: Whisper's name of it; None: that of the model's config. beam: sequences that go on
        side by side; 1: greedy. TokenError for tokens of another kind, or none; ModelError for more
        than the model sees.
        """
        network, config = self.network, self.network.config
        names, language = config.vocabulary.specials, language or config.language
        if beam < 1 or f"language_{language}" not in names:
            raise ModelError(
                f"beam is 1 or more and language one of Whisper's, as en, not {beam} and {language}"
            )
        frames = frames_of(config.part, {config.part.track: tokens})
        if len(frames) > config.encoder.context:
            raise ModelError(
                f"{self.name} sees {config.encoder.context} frames, but the recording has "
                f"{len(frames)}; cut it at a pause"
            )
        head = [names["start"], names[f"language_{language}"], names["transcribe"]]
        with plain_settings(), torch.inference_mode():
            given = torch.from_numpy(frames)[None].to(self.device)
            states = network.encode(given, [len(frames)])[-1][0]
            found = network.write(states, head, beam)
        ended = [names["end"]] if found.reason == "end" else []
        transcript = config.vocabulary.from_ids([*head, *found.ids, *ended])
        return Transcribed(network.text(found.ids), transcript, found.reason)
