"""Whisper's ids as a vocabulary: text with times, read from ids and written into them exactly.

Radford et al., "Robust speech recognition via large-scale weak supervision" (2022). A window of at
most 30 s is one sequence: a head (language, task, whether there are times), then passages of text
between time stamps of a grid of 20 ms, then the end. The text ids are Whisper's own tokenizer's.

    [previous …] start language task [no_timestamps] 0.00 text 2.40 2.40 text 5.16 end

Times come in pairs, except that the last passage may begin and not end (the window ended it). They
do not go back, and a passage ends after it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Bool

from ..errors import TokenError
from ..ratio import Ratio
from .checks import integers
from .whisper_grammar import LAST, STEPS_PER_SECOND, Mark, next_marks, read_parts

_ORDER = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su yue"
)
LANGUAGES = tuple(_ORDER.split())


@dataclass(frozen=True)
class Passage:
    """Text ids, and when they are said: steps of 20 ms from the beginning of the window.

    end     None for a passage that goes on behind the window
    start   None where there are no times
    """

    ids: tuple[int, ...]
    start: int | None = None
    end: int | None = None

    @property
    def seconds(self) -> tuple[Fraction | None, Fraction | None]:
        """Start and end in seconds."""
        return _seconds(self.start), _seconds(self.end)


@dataclass(frozen=True)
class Transcript:
    """What a sequence says.

    language, task  None for a model of English alone, whose sequences do not say them
    timed           whether passages have times; without, there is one passage or none
    speech          False for a window in which nobody speaks
    previous        text ids of what came before the window
    ended           whether the end has come: not in what is still being written
    """

    passages: tuple[Passage, ...] = ()
    language: str | None = None
    task: str | None = None
    timed: bool = True
    speech: bool = True
    previous: tuple[int, ...] = ()
    ended: bool = True


@dataclass(frozen=True)
class WhisperVocabulary:
    """Whisper's special ids and time stamps.

    text        text ids: 50,257 for models of many languages, 50,256 for those of English
    languages   how many languages have an id: 99, from large-v3 on 100
    english     a model of English alone: its sequences say neither language nor task
    """

    text: int = 50_257
    languages: int = 99
    english: bool = False
    specials: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.languages <= len(LANGUAGES):
            raise TokenError(f"languages must be 1 to {len(LANGUAGES)}, got {self.languages}")
        spoken = [f"language_{name}" for name in LANGUAGES[: self.languages]]
        names = (
            *("end", "start", *spoken, "translate", "transcribe", "start_of_lm", "previous"),
            *("no_speech", "no_timestamps"),
        )
        object.__setattr__(self, "specials", {n: self.text + k for k, n in enumerate(names)})

    @classmethod
    def of_size(cls, size: int) -> WhisperVocabulary:
        """Return the vocabulary of a published model by its number of ids."""
        known = {51_864: cls(50_256, 99, True), 51_865: cls(), 51_866: cls(languages=100)}
        if size not in known:
            raise TokenError(f"Whisper has {', '.join(map(str, known))} ids, got {size}")
        return known[size]

    @property
    def first_time(self) -> int:
        """The id of 0.00 s; those of all other times follow."""
        return self.specials["no_timestamps"] + 1

    @property
    def size(self) -> int:
        """One more than the highest id: rows of an embedding."""
        return self.first_time + LAST + 1

    def to_ids(self, transcript: Transcript) -> list[int]:
        """Return the ids of a transcript; TokenError for one that has none in Whisper's order."""
        ids = [self.specials["previous"], *transcript.previous] if transcript.previous else []
        ids += self._head(transcript)
        for passage in transcript.passages:
            times = passage.start, passage.end
            if not transcript.timed and (times != (None, None)):
                raise TokenError(f"a transcript without times has a passage from {times[0]}")
            before = [] if passage.start is None else [self._time(passage.start)]
            after = [] if passage.end is None else [self._time(passage.end)]
            ids += [*before, *passage.ids, *after]
        ids += [self.specials["end"]] if transcript.ended else []
        if self.from_ids(ids) != transcript:
            raise TokenError(
                "such a transcript cannot be written: without times there is one passage with "
                "text, and without speech none"
            )
        return ids

    def from_ids(self, ids: Any) -> Transcript:
        """Return what the ids of one sequence say; TokenError, with the position, for others."""
        given = integers("ids", ids if len(ids) else np.zeros(0, np.int64))
        if given.ndim != 1:
            raise TokenError(f"ids must be one sequence, got shape {list(given.shape)}")
        numbers = given.tolist()
        begin, head = self._read_head(numbers)
        end = numbers.index(self.specials["end"]) if self.specials["end"] in numbers else None
        if end is not None and end != len(numbers) - 1:
            raise TokenError(f"id {numbers[end + 1]} at position {end + 1} stands behind the end")
        body = numbers[begin:end]
        if not head.speech:
            if body:
                self._refuse(body, begin, "the end, since nobody speaks")
            return replace(head, ended=end is not None)
        parts = read_parts(self._marks(body), begin, timed=head.timed)
        found = tuple(Passage(tuple(body[part.text]), part.start, part.end) for part in parts)
        return replace(head, passages=found, ended=end is not None)

    def legal(self, ids: Sequence[int], *, first: int = 50) -> Bool[np.ndarray, " size"]:
        """Return which ids may follow a sequence that has its head, by the rules of Whisper.

        first   the latest time to begin with, in steps of 20 ms: Whisper takes 1 s
        """
        transcript, mask = self.from_ids(ids), np.zeros(self.size, bool)
        if transcript.ended:
            return mask
        if not transcript.speech:
            mask[self.specials["end"]] = True
            return mask
        begin, _ = self._read_head(list(ids))
        follows = next_marks(self._marks(ids[begin:]), timed=transcript.timed, first=first)
        mask[: self.text] = follows.text
        mask[self.specials["end"]] = follows.end
        mask[self.first_time + follows.times.start : self.first_time + follows.times.stop] = True
        return mask

    def _head(self, transcript: Transcript) -> list[int]:
        ids = [self.specials["start"]]
        if not transcript.speech:
            return [*ids, self.specials["no_speech"]]
        if self.english != (transcript.language is None and transcript.task is None):
            raise TokenError(
                "a model of English alone has neither language nor task"
                if self.english else "a transcript needs language= and task="
            )  # fmt: skip
        if not self.english:
            for name in (f"language_{transcript.language}", str(transcript.task)):
                if name not in self.specials:
                    raise TokenError(f"Whisper has no id for {name}")
                ids.append(self.specials[name])
        return ids if transcript.timed else [*ids, self.specials["no_timestamps"]]

    def _read_head(self, ids: list[int]) -> tuple[int, Transcript]:
        """Return where the passages begin, and what comes before them."""
        at, previous = self._read_previous(ids)
        names = {number: name for name, number in self.specials.items()}
        first, second, third = ([names.get(n, "") for n in ids[at : at + 3]] + [""] * 3)[:3]
        if first == "no_speech":
            return at + 1, Transcript(speech=False, previous=previous)
        if self.english:
            timed = first != "no_timestamps"
            return at + (not timed), Transcript(timed=timed, previous=previous)
        if not first.startswith("language_"):
            self._refuse(ids[at:], at, "a language")
        if second not in ("transcribe", "translate"):
            self._refuse(ids[at + 1 :], at + 1, "a task")
        timed, language = third != "no_timestamps", first.removeprefix("language_")
        head = Transcript((), language, second, timed, previous=previous)
        return at + 2 + (not timed), head

    def _read_previous(self, ids: list[int]) -> tuple[int, tuple[int, ...]]:
        """Return the position behind the start, and the text of what came before the window."""
        start, before = self.specials["start"], self.specials["previous"]
        if start not in ids:
            raise TokenError(f"ids hold no start of a transcript, id {start}")
        at = ids.index(start)
        if at and ids[0] != before:
            self._refuse(ids, 0, f"id {start}, or {before} before it")
        for place, number in enumerate(ids[1:at], 1):
            if not 0 <= number < self.text:
                self._refuse([number], place, f"text, 0 to {self.text - 1}")
        return at + 1, tuple(ids[1:at])

    def _marks(self, ids: Sequence[int]) -> list[Mark]:
        return [self._mark(number) for number in ids]

    def _mark(self, number: int) -> Mark:
        if 0 <= number < self.text:
            return None
        return number - self.first_time if self.first_time <= number < self.size else -abs(number)

    def _time(self, step: int) -> int:
        if not 0 <= step <= LAST:
            raise TokenError(f"a time must be 0 to {LAST} steps of 20 ms, got {step}")
        return self.first_time + step

    def _refuse(self, ids: list[int], position: int, wanted: str) -> None:
        found = f"id {ids[0]} at position {position}" if ids else f"the end at position {position}"
        raise TokenError(f"{found} does not belong there; wanted {wanted}")


def _seconds(step: int | None) -> Fraction | None:
    return None if step is None else Ratio(step, STEPS_PER_SECOND)
