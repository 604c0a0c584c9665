"""Hold one sound that a probe is asked about, and what is to be told of it."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.evaluate.probes.sound import Sound
from vocable.measures.phones import PhoneSpan


@dataclass(frozen=True)
class Example:
    """A sound, and what is to be told of it.

    owner    who speaks, else where it was recorded: intervals are over owners
    label    the class
    text     the words
    phones   (start, end, label) in seconds
    parts    the sounds that it is a mixture of, whose tokens are to be told
    """

    sound: Sound
    owner: str
    label: str = ""
    text: str = ""
    phones: tuple[PhoneSpan, ...] = ()
    parts: tuple[Sound, ...] = ()

    @property
    def name(self) -> str:
        """What reasons call it."""
        return self.sound.name
