"""Text and audio in one row by turns: n of text, m of audio, n of text …

What a chunk of audio counts are tokens, of which a frame has several if the codec has levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import TokenError
from ..positions import EMPTY
from ..spec import TokenSpec
from ..spec_parts import Source, check_count
from .joint import Joint, Part, level_names
from .joint_layout import JointLayout, Parts, audio_of, check_equal, check_names, text_of
from .layout import Layout
from .legal import Legal
from .whole_frames import whole_frames

FLATTEN = Layout("flatten")


@dataclass(frozen=True)
class Chunks(JointLayout):
    """`text` ids of text, `audio` tokens of audio, and so on; when text runs out the rest of audio.

    start, rest, end    marks at the beginning, where text has run out, and behind all
    fill                what the model is to write after a chunk of audio, to ask for more text; it
                        stands in no sequence, the text stands in its place
    written             whether the model writes the text as well, or is given it

    CosyVoice 2: `Chunks(5, 15, "start", "rest", "fill", "end", written=False)`, its `sos`,
    `task_id`, `fill` and `eos`. GLM-4-Voice: `Chunks(13, 26)`. With the mark `rest` every whole
    chunk of text needs a whole one of audio. Parts are "text" and "audio".
    """

    text: int
    audio: int
    start: str | None = None
    rest: str | None = None
    fill: str | None = None
    end: str | None = None
    written: bool = True
    layout: Layout = field(default=FLATTEN)

    def __post_init__(self) -> None:
        check_count("text", self.text)
        check_count("audio", self.audio)
        if self.layout.name != "flatten":
            raise TokenError(f"chunks are cut from tokens in flatten, got {self.layout.name}")

    def kinds(self, levels: int) -> tuple[str, ...]:
        """Return the names of all kinds: text, the levels, the marks."""
        marks = (self.start, self.rest, self.fill, self.end)
        return ("text", *level_names("audio", levels), *(mark for mark in marks if mark))

    def steps(self, text: int, audio: int) -> int:
        """Return the steps of so many ids of text and tokens of audio: both, and the marks."""
        return text + audio + sum(mark is not None for mark in (self.start, self.rest, self.end))

    def arrange(self, parts: Mapping[str, Part]) -> Joint:
        check_names(parts, ("text", "audio"))
        text, tokens = text_of("text", parts["text"]), audio_of("audio", parts["audio"])
        codes = self.layout.arrange(tokens)[0, 0]
        levels = self.layout.positions(tokens.spec, tokens.frames, tokens.levels).level[0]
        kinds = self.kinds(tokens.levels)
        kind = self._order(kinds, len(text), len(codes))
        token = np.zeros(len(kind), np.int64)
        token[kind == 0], token[kind == 1] = text, codes
        kind[kind == 1] += levels
        return Joint(kinds, kind[None], token[None])

    def restore(
        self,
        joint: Joint,
        specs: Mapping[str, TokenSpec],
        *,
        sources: Mapping[str, Source] | None = None,
    ) -> dict[str, Any]:
        check_names(specs, ("audio",))
        levels = joint.levels("audio")
        codes = joint.token[0, np.isin(joint.kind[0], levels)]
        source = (sources or {}).get("audio")
        tokens = self.layout.restore(codes[None, None], specs["audio"], len(levels), source=source)
        parts: dict[str, Any] = {"text": joint.of("text"), "audio": tokens}
        check_equal(joint, self.arrange(parts), "chunks")
        return parts

    def recover(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Parts:
        """Return text and whole frames; the kinds alone tell them apart, not their turns."""
        check_names(specs, ("audio",))
        levels = joint.levels("audio")
        at = np.isin(joint.kind[0], levels)
        labels = joint.kind[0, at] - levels[0]
        found = whole_frames(self.layout, specs["audio"], len(levels), joint.token[0, at], labels)
        parts = {"text": joint.of("text"), "audio": found.tokens}
        return Parts(parts, {"audio": found.lost}, found.dropped)

    def targets(self, joint: Joint) -> Joint:
        """Return audio, the end and what asks for text; text where the model writes it."""
        kind, token = joint.kind.copy(), joint.token.copy()
        levels, names = joint.levels("audio"), joint.kinds
        given = [names.index(mark) for mark in (self.start, self.rest) if mark]
        given += [] if self.written else [names.index("text")]
        unseen = np.isin(kind, given)
        kind[unseen] = token[unseen] = EMPTY
        if self.fill:
            after_audio = np.isin(np.roll(joint.kind, 1, axis=1), levels)
            after_audio[:, :1] = False
            asks = after_audio & ~np.isin(joint.kind, [*levels, self._end(names)])
            kind[asks], token[asks] = names.index(self.fill), 0
        return Joint(names, kind, token)

    def legal(
        self, spec: TokenSpec, steps: range, levels: int | None = None, *, text: int | None = None
    ) -> Legal:
        """Say what may be written at these steps, `text` ids of text long (None: still coming).

        The end may stand where a cycle of audio would begin after the text has run out.
        """
        count = spec.check_levels(levels)
        names = self.kinds(count)
        allowed = np.zeros((1, len(steps), len(names)), bool)
        end = np.zeros((1, len(steps)), bool)
        cycle = self.layout.positions(spec, spec.step, count).level[0]
        for column, step in enumerate(steps):
            kind, number = self._at(step, text)
            if kind == "audio":
                allowed[0, column, 1 + cycle[number % len(cycle)]] = True
                over = text is not None and step >= self._audio_only(text)
                end[0, column] = over and number % len(cycle) == 0
            elif kind == "ask" and self.fill:
                allowed[0, column, names.index(self.fill)] = True
            elif kind == "text" and self.written:
                allowed[0, column, 0] = True
        return Legal(allowed, end)

    def _end(self, names: tuple[str, ...]) -> int:
        return names.index(self.end) if self.end else EMPTY

    def _turns(self, text: int) -> int:
        """Return how many chunks of text are followed by a whole one of audio."""
        return text // self.text

    def _audio_only(self, text: int) -> int:
        """Return the step from which on there is nothing but audio."""
        turns = self._turns(text)
        return (self.start is not None) + text + turns * self.audio + (self.rest is not None)

    def _at(self, step: int, text: int | None) -> tuple[str, int]:
        """Return what stands at a step, and which number it is among its like."""
        place = step - (self.start is not None)
        turn, within = divmod(place, self.text + self.audio)
        if place < 0:
            return "mark", 0
        if text is None or turn < self._turns(text):
            if within >= self.text:
                return "audio", turn * self.audio + within - self.text
            return ("ask" if self._asks(turn, within) else "text"), turn * self.text + within
        turn = self._turns(text)
        within = place - turn * (self.text + self.audio)
        left = text - turn * self.text
        if within < left + (self.rest is not None):
            asks = self._asks(turn, within)
            return ("ask" if asks else "text" if within < left else "mark"), 0
        return "audio", turn * self.audio + within - left - (self.rest is not None)

    def _asks(self, turn: int, within: int) -> bool:
        """Return whether more text is asked for here: directly after a chunk of audio."""
        return self.fill is not None and turn > 0 and within == 0

    def _order(self, names: tuple[str, ...], text: int, audio: int) -> np.ndarray:
        """Return 0 for text, 1 for audio, or the number of a mark, in order."""
        turns = self._turns(text)
        if self.rest and audio < turns * self.audio:
            raise TokenError(
                f"{text} ids of text need at least {turns * self.audio} tokens of audio in chunks "
                f"of {self.text} and {self.audio}, got {audio}"
            )
        runs = [(names.index(self.start), 1)] if self.start else []
        for _ in range(turns):
            runs += [(0, self.text), (1, min(self.audio, audio))]
            audio -= min(self.audio, audio)
        runs += [(0, text - turns * self.text)]
        runs += [(names.index(self.rest), 1)] if self.rest else []
        runs += [(1, audio)]
        runs += [(names.index(self.end), 1)] if self.end else []
        return np.repeat(*np.array(runs, np.int32).T).astype(np.int32)


def cosyvoice() -> Chunks:
    """Five of text, fifteen of speech (CosyVoice 2 and 3, while text is still arriving)."""
    return Chunks(5, 15, "start", "rest", "fill", "end", written=False)


def glm_voice() -> Chunks:
    """Thirteen of text, 26 of audio (GLM-4-Voice)."""
    return Chunks(13, 26)
