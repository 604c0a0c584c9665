"""Several parts in rows at the same steps: text beside audio, one speaker beside the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from ...errors import TokenError
from ..positions import EMPTY
from ..spec import TokenSpec
from ..spec_parts import Source, check_count
from ..values import AudioTokens
from .joint import Joint, Part, level_names
from .joint_layout import JointLayout, Parts, audio_of, check_names, text_of
from .layout import Layout
from .legal import Legal


@dataclass(frozen=True, eq=False)
class SideBySide(JointLayout):
    """Rows of each part in turn, all at the same steps.

    parts       by name, in the order of their rows: a layout for audio, None for a row of text
    late        steps that a part begins later than the first; 0 if it is not named
    lead        steps before everything, in which only initial ids stand (Moshi: 1)
    given       parts that the model hears and does not write

    Kimi-Audio: text and audio, which is 6 steps late. `moshi()` makes Moshi's.
    """

    parts: Mapping[str, Layout | None]
    late: Mapping[str, int] = field(default_factory=dict)
    lead: int = 0
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("parts", "late"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        check_count("lead", self.lead, 0)
        for name, layout in self.parts.items():
            if layout is not None and layout.one_row:
                raise TokenError(f'part "{name}" needs a layout with a row per level, not one row')
        for name, steps in self.late.items():
            check_count(f'late of "{name}"', steps, 0)
        if unknown := {*self.late, *self.given} - set(self.parts):
            raise TokenError(
                f"late and given name parts; there are {', '.join(self.parts)}, "
                f"got {', '.join(sorted(unknown))}"
            )

    def steps(self, lengths: Mapping[str, int]) -> int:
        """Return the steps of parts that take so many each: the latest to end decides."""
        return self.lead + max(self._late(name) + steps for name, steps in lengths.items())

    def rows(self, specs: Mapping[str, TokenSpec]) -> list[list[str]]:
        """Return the kinds of each row, as `from_ids` asks for them."""
        found: list[list[str]] = []
        for name, layout in self.parts.items():
            levels = [] if layout is None else layout.levels_of_rows(specs[name])
            found += [[f"{name}.{k}"] for k in levels] if layout else [[name]]
        return found

    def arrange(self, parts: Mapping[str, Part]) -> Joint:
        check_names(parts, tuple(self.parts))
        grids = {name: self._grid(name, parts[name]) for name in self.parts}
        steps = self.steps({name: grid.shape[2] for name, grid in grids.items()})
        rows = [*grids.values()]
        found = np.full((2, sum(grid.shape[1] for grid in rows), steps), EMPTY, np.int64)
        kinds: list[str] = []
        first = 0
        for name, grid in grids.items():
            start = self.lead + self._late(name)
            at = (slice(first, first + grid.shape[1]), slice(start, start + grid.shape[2]))
            found[0][at] = np.where(grid[0] == EMPTY, EMPTY, grid[0] + len(kinds))
            found[1][at] = grid[1]
            kinds += self._names(name, parts[name])
            first += grid.shape[1]
        return Joint(tuple(kinds), found[0].astype(np.int32), found[1])

    def restore(
        self,
        joint: Joint,
        specs: Mapping[str, TokenSpec],
        *,
        sources: Mapping[str, Source] | None = None,
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (kind, token) in self._cut(joint, specs).items():
            layout = self.parts[name]
            used = np.flatnonzero((kind != EMPTY).any(axis=0))
            steps = int(used[-1]) + 1 if len(used) else 0
            if layout is None:
                self._check_text(name, kind[0, :steps])
                found[name] = token[0, :steps]
                continue
            count, source = len(joint.levels(name)), (sources or {}).get(name)
            found[name] = layout.restore(token[None, :, :steps], specs[name], count, source=source)
        return found

    def recover(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Parts:
        """Return text up to its first hole, and the frames of which all rows are whole.

        What Moshi trains on is such a sequence, as long as its frames: the last steps of what is
        delayed fell off.
        """
        parts: dict[str, Any] = {}
        lost: dict[str, int] = {}
        dropped = 0
        for name, (_, token) in self._cut(joint, specs).items():
            layout = self.parts[name]
            if layout is None:
                steps = int(np.argmin(np.append(token[0] != EMPTY, False)))
                parts[name] = token[0, :steps]
                dropped += int((token[0, steps:] != EMPTY).sum())
                continue
            read = layout.recover(token[None], specs[name], len(joint.levels(name)))
            parts[name], lost[name] = read.tokens, read.lost
            dropped += read.dropped
        return Parts(parts, lost, dropped)

    def targets(self, joint: Joint) -> Joint:
        """Return all that stands in the rows of the parts that the model writes."""
        kind, token = joint.kind.copy(), joint.token.copy()
        given = [joint.kinds.index(k) for k in joint.kinds if k.partition(".")[0] in self.given]
        hidden = np.isin(kind, given)
        kind[hidden] = token[hidden] = EMPTY
        return Joint(joint.kinds, kind, token)

    def legal(
        self,
        specs: Mapping[str, TokenSpec],
        steps: range,
        *,
        frames: Mapping[str, int] | None = None,
    ) -> Legal:
        """Say what may be written at these steps: text in its row, audio as its layout says.

        frames      of the parts whose length is known
        """
        kinds, ends = [], []
        names = {name: self._names(name, specs.get(name)) for name in self.parts}
        total, before = sum(map(len, names.values())), 0
        for name, layout in self.parts.items():
            start = self.lead + self._late(name)
            inside = range(max(0, steps.start - start), max(0, steps.stop - start))
            if layout is None:
                own = Legal(np.ones((1, len(inside), 1), bool), np.zeros((1, len(inside)), bool))
            else:
                own = layout.legal(specs[name], inside, frames=(frames or {}).get(name))
            rows, own_kinds = own.kinds.shape[0], own.kinds.shape[2]
            kind = np.zeros((rows, len(steps), total), bool)
            end = np.zeros((rows, len(steps)), bool)
            if name not in self.given and len(inside):
                kind[:, -len(inside) :, before : before + own_kinds] = own.kinds
                end[:, -len(inside) :] = own.end
            kinds.append(kind)
            ends.append(end)
            before += own_kinds
        return Legal(np.concatenate(kinds), np.concatenate(ends))

    def _late(self, name: str) -> int:
        return self.late.get(name, 0)

    def _grid(self, name: str, part: Any) -> np.ndarray:
        """Return `[2, rows, steps]`: the level at each position, and the token."""
        layout = self.parts[name]
        if layout is None:
            text = text_of(name, part)
            return np.stack([np.zeros_like(text), text])[:, None]
        tokens = audio_of(name, part)
        level = layout.positions(tokens.spec, tokens.frames, tokens.levels).level
        return np.stack([level, layout.arrange(tokens)[0]])

    def _names(self, name: str, part: Any) -> list[str]:
        if self.parts[name] is None:
            return [name]
        levels = part.levels if isinstance(part, AudioTokens) else len(part.levels)
        return level_names(name, levels)

    def _cut(
        self, joint: Joint, specs: Mapping[str, TokenSpec]
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return kind and token of each part's rows, from its first step on."""
        check_names(specs, [name for name, layout in self.parts.items() if layout])
        found, first = {}, 0
        for name, layout in self.parts.items():
            rows = 1 if layout is None else layout.rows(specs[name], len(joint.levels(name)))
            last, start = first + rows, self.lead + self._late(name)
            if (joint.kind[first:last, :start] != EMPTY).any():
                raise TokenError(f'part "{name}" begins before step {start}, where it has nothing')
            found[name] = (joint.kind[first:last, start:], joint.token[first:last, start:])
            first = last
        if first != len(joint.kind):
            raise TokenError(f"these parts have {first} rows, got {len(joint.kind)}")
        return found

    def _check_text(self, name: str, kind: np.ndarray) -> None:
        if (kind == EMPTY).any():
            step = int(np.flatnonzero(kind == EMPTY)[0])
            raise TokenError(
                f'part "{name}" has nothing at its step {step}, in the middle of its text'
            )


def kimi_audio() -> SideBySide:
    """Text, and one row of audio 6 steps later (Kimi-Audio)."""
    return SideBySide({"text": None, "audio": Layout("parallel")}, {"audio": 6})
