"""Hold what is known of a recording that something is judged by, and go on where one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.measures.checks import check_signal, is_silent
from vocable.measures.phones import PhoneSpan


@runtime_checkable
class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """What reasons call it."""
        ...


Item = TypeVar("Item", bound=Named)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Recording:
    """A recording, and what is known of it.

    name      what reasons and tables call it
    speaker   who speaks: intervals are over speakers; left out, the recording stands for itself
    text      the words that are said; empty where they are not known
    phones    what is said when, in seconds, in order: (start, end, label); empty where not known
    set       the set it belongs to, where tables keep sets apart
    label     what kind of sound it is, or the one word that is said
    language  a code, as "en"; empty where it is not known
    """

    name: str
    audio: Audio
    speaker: str = ""
    text: str = ""
    phones: tuple[PhoneSpan, ...] = ()
    set: str = ""
    label: str = ""
    language: str = ""

    @classmethod
    def of(cls, clip: Clip) -> Recording:
        """Read what a row of a manifest lists."""
        known = clip.speaker, clip.text, clip.phones, clip.set, clip.label, clip.language
        return cls(clip.name, clip.read(), *known)

    @property
    def sound(self) -> Audio:
        """The audio, where it is worth judging by: MeasureError where it is empty or silent."""
        return check_sound(self.audio, "recording")

    @property
    def owner(self) -> str:
        """What its values belong together by: the speaker, else the recording."""
        return self.speaker or self.name


@dataclass(frozen=True)
class Refusal:
    """A recording without a result, and the reason in one line."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def attempt(
    items: Iterable[Item], work: Callable[[Item], Found], refusals: list[Refusal]
) -> Iterator[tuple[Item, Found]]:
    """Yield each item with what `work` finds of it; where that fails, add the reason instead.

    A codec that is judged may raise anything.
    """
    for item in items:
        try:
            found = work(item)
        except Exception as error:
            refusals.append(Refusal(item.name, _reason(error)))
        else:
            yield item, found


def check_sound(audio: Audio, name: str) -> Audio:
    """Return audio in which there is something to hear; else MeasureError, by this name."""
    if is_silent(check_signal(audio.samples.reshape(-1), name)):
        raise MeasureError(f"{name} is silent (mean power below -100 dB of full scale)")
    return audio


def check_some(found: object, refusals: list[Refusal]) -> None:
    """Raise MeasureError if no recording gave a result, with the first reason."""
    if not found:
        first = f"; the first of {len(refusals)}: {refusals[0]}" if refusals else ""
        raise MeasureError(f"no recording could be judged{first}")


def _reason(error: Exception) -> str:
    line = str(error).partition("\n")[0]
    return line if isinstance(error, MeasureError) else f"{type(error).__name__}: {line}"
