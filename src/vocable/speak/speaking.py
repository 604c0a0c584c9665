"""One form for every model that says texts: a text, a voice and a seed give sound as it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from vocable.audio import Voice
from vocable.errors import ModelError
from vocable.language.csm import CsmGenerator
from vocable.language.flat import FlatGenerator
from vocable.language.say import Sayer
from vocable.language.sound import Block, DecodesSteps
from vocable.load import load_codec
from vocable.speak.turns import Named, Turn, Turns


class Speech(Protocol):
    """Sound of a text as it is said: blocks `[1, samples]` at `codec.spec.writes` Hz."""

    @property
    def reason(self) -> str | None:
        """Why it ended, "end" where all was said; None before."""
        ...

    def leave(self) -> None:
        """End it; its place is free at once."""
        ...

    def __iter__(self) -> Iterator[Block]: ...

    def __next__(self) -> Block: ...


class Speaks(Protocol):
    """What says texts."""

    @property
    def codec(self) -> DecodesSteps: ...

    def speak(self, text: str, voice: str | Voice | None = None, *, seed: int = 0) -> Speech:
        """Return sound as it is said, in a voice by its name or by a recording; None: its own.

        Equal seeds, equal sound. ModelError for a voice that it cannot take.
        """
        ...


def speaker(model: Any, before: Sequence[Turn] = ()) -> Speaks:
    """Return a model of `vocable.load` as what says texts.

    her = speaker(vocable.load("FOLDER"))
    voice = Voice.from_recording("her.wav", "what she says there")
    for block in her.speak("Good morning.", voice): play(block)

    A `Sayer` is that already. A CSM becomes `Turns`, after turns of others; an Orpheus `Named`,
    and one that has no codec is given the published one. ModelError for other models, for turns
    before one that reads none, and for a CSM without a codec.
    """
    if isinstance(model, CsmGenerator):
        return Turns(model, before)
    if not isinstance(model, Sayer | FlatGenerator):
        raise ModelError(
            f"a {type(model).__name__} does not speak texts; take say-16k, a CSM, or an Orpheus"
        )
    if before:
        raise ModelError(f"{model.name} reads no turns before a text; only a CSM does")
    if isinstance(model, Sayer):
        return model
    if model.codec is None:
        model.attach(load_codec(model.config.template.home, device=model.device))
    return Named(model)
