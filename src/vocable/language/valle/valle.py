"""VALL-E as it is used: both models together say a text in a voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vocable.errors import ModelError
from vocable.language.lessons import Text
from vocable.language.sampling import Sampling
from vocable.language.valle.ar.generator import SAMPLING, Ends, ValleARGenerator
from vocable.language.valle.nar.generator import ValleNARGenerator
from vocable.tokens import AudioTokens


@dataclass(frozen=True)
class Said:
    """What was said, all levels, the prompt left out; reason: why it ended, as of a session."""

    tokens: AudioTokens
    reason: str


class Valle:
    """Say texts in the voice of a recording whose text is known.

    model = Valle(vocable.load("FIRST"), vocable.load("SECOND"))
    prompt = model.codec.encode("her.wav")
    said = model.speak("What she shall say.", prompt, "What she says there.")
    model.codec.decode(said.tokens).save("said.wav")

    ModelError for models that are not a first and a second one of the same tokens.
    """

    def __init__(self, first: ValleARGenerator, second: ValleNARGenerator) -> None:
        for model, kind in ((first, ValleARGenerator), (second, ValleNARGenerator)):
            if not isinstance(model, kind):
                raise ModelError(
                    f"VALL-E is its first model, then its second; {model!r} is no {kind.__name__}"
                )
        if not first.spec.same_codes(second.spec):
            raise ModelError(
                f"{first.name} models {first.spec.space} and {second.name} {second.spec.space}; "
                "take two that were trained on the same tokens"
            )
        self.first, self.second = first, second

    @property
    def codec(self) -> Any:
        """The codec of the tokens; ModelError where there is none."""
        return self.second.with_codec()

    def speak(
        self, text: str | Text, prompt: AudioTokens, prompt_text: str | Text, *,
        sampling: Sampling = SAMPLING, ends: Ends = "drawn", seed: int = 0,
    ) -> Said:  # fmt: skip
        """Return a text as tokens, in the voice of a prompt in which `prompt_text` is said.

        A text is English where it is no `Text`, which names its language. sampling: of the first
        level; the others are the likeliest. ends: where the end is drawn, or where it is the
        likeliest. Errors, and reasons of an end, as of `ValleARGenerator.write`.
        """
        text, prompt_text = (
            each if isinstance(each, Text) else Text(each) for each in (text, prompt_text)
        )
        room = self.second.room(text, prompt, prompt_text)
        session = self.first.write(
            text, prompt, prompt_text, room=room, sampling=sampling, ends=ends, seed=seed
        )
        first = self.first.codes(session)
        tokens = self.second.fill(text, prompt, prompt_text, first)
        assert session.reason is not None, "its steps have all been taken"
        return Said(tokens, session.reason)
