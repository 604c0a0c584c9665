"""The network of a stage: a table of ids, a transformer, and the table again as head.

Which level stands where is known, so each id is told apart from those of its own level alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.depth import Draw
from vocable.language.lessons import Asked, Lesson, Lessons, Told
from vocable.language.places import Places, set_places
from vocable.language.stages.config import StageConfig
from vocable.language.stages.lesson import stage_lesson
from vocable.language.transformer import Transformer
from vocable.nn.seen import Kept
from vocable.tokens import AudioTokens, TokenSpec


class Stage(nn.Module):
    """A `TokenModel` of one row."""

    drawn = 1

    def __init__(self, config: StageConfig) -> None:
        super().__init__()
        width, embedding = config.trunk.width, config.embedding or config.trunk.width
        self.config, self.sizes = config, (config.ids,)
        self.table = nn.Embedding(config.ids, embedding)
        self.trunk = Transformer(config.trunk)
        nn.init.normal_(self.table.weight, std=embedding**-0.5)
        self.widen = nn.Linear(embedding, width, bias=False) if config.embedding else None
        if self.widen is not None:
            nn.init.normal_(self.widen.weight, std=width**-0.5)
        self.places = nn.ModuleList(Places(size, axes) for _, size, axes in config.placed)
        self.known = nn.ModuleList(
            nn.Linear(2 * axes, embedding, bias=False) for _, _, axes in config.placed
        )
        for weight in self.known.parameters():  # at first places say as much as what is learnt
            nn.init.normal_(weight, std=weight.numel() ** -0.5)
        self._kept = Kept[Tensor]()

    def place(self, tracks: Mapping[str, Sequence[Tensor]]) -> None:
        """Take where codes lie, where the config says that it is told; see `Placed`."""
        told = zip(self.config.parts, self.config.places, strict=False)
        levels = [tracks[part.track][part.first : part.last] for part, axes in told if axes]
        set_places(self.places, [one for each in levels for one in each])

    @property
    def rows(self) -> Float[Tensor, "ids embedding"]:
        """The table: what is learnt of each id, and what its place says."""
        if not len(self.places):
            return self.table.weight
        if torch.is_grad_enabled():
            return self._rows()
        return self._kept.made(
            self._rows, self.table.weight, *self.known.parameters(), *self.places.buffers()
        )

    def _rows(self) -> Tensor:
        found = self.table.weight.clone()
        for (offset, size, _), places, known in zip(
            self.config.placed, self.places, self.known, strict=True
        ):
            found[offset : offset + size] += known(cast(Places, places).axes(size))
        return found

    def embed(self, ids: Int[Tensor, "streams time 1"]) -> Float[Tensor, "streams time width"]:
        """Return the embeddings of ids; -1 is nothing."""
        found = F.embedding(ids[..., 0].clamp(min=0), self.rows) * (ids >= 0)
        return found if self.widen is None else self.widen(found)

    def narrowed(self, hidden: Float[Tensor, "*any width"]) -> Float[Tensor, "*any embedding"]:
        """Return what ids are told apart by, as wide as their table."""
        return hidden if self.widen is None else hidden @ self.widen.weight

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it foretells."""
        return self.config.target.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes, what is given among them."""
        found = 0.0
        for part in self.config.parts:
            if part.whole:
                continue
            rate = float(part.tokens.frame_rate)
            found += sum(rate / level.stride for level in part.levels)
        return found

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The tracks that it reads, and what their tokens are."""
        return {part.track: part.tokens for part in self.config.parts}

    @property
    def asked(self) -> Asked:
        """What it foretells."""
        part = self.config.target
        return Asked(part.track, part.first, part.last, self.config.last, part.dedup)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True
    ) -> Lesson:
        """Return tracks as a row; see `stage_lesson`."""
        return stage_lesson(self.config, tracks, begins=begins, ends=ends)

    @property
    def codes_alone(self) -> bool:
        """Whether all it reads are the codes that it foretells; see `Foretells`."""
        target = self.config.target
        return not self.config.given and not target.dedup and target.first == 0

    def score(self, tokens: AudioTokens, *, begins: bool) -> Lesson:
        """Return the row of a stretch of the target."""
        tracks = {self.config.target.track: tokens}
        return stage_lesson(self.config, tracks, begins=begins, ends=False)

    def ids_of(self, level: int) -> slice:
        """Return which ids are codes of a level of the target."""
        offset = self.config.offsets[-1][level - self.config.target.first]
        return slice(offset, offset + self.config.tokens_of(level).size)

    def most_frames(self, positions: int) -> int:
        """Return how many frames' row fits."""
        target = self.config.target
        return positions // len(target.cycle) * target.tokens.step

    def nats(self, lessons: Lessons) -> Told:
        """Return how well the model foretells what is asked for, level after level."""
        hidden = self.narrowed(self.trunk.forward(self.embed(lessons.before), lessons.read))
        ids, levels = lessons.ids[:, 1:, 0], lessons.levels[:, 1:, 0]
        target, last, rows = self.config.target, self.config.last, self.rows
        found = []
        for level, offset in enumerate(self.config.offsets[-1], target.first):
            asked = levels == level
            if level == target.first:
                asked = asked | (levels == last)  # the end stands where a frame would begin
            weight = rows[offset : offset + self.config.block(level)]
            logits = F.linear(hidden[asked], weight)
            nats = F.cross_entropy(logits.float(), ids[asked] - offset, reduction="none")
            found.append(Told(nats, levels[asked]))
        return Told.joined(found)

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> None:
        """Nothing is needed."""

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: None
    ) -> Int[Tensor, "streams 1"]:
        """Draw the next id."""
        return draw(0, F.linear(self.narrowed(hidden), self.rows))[:, None]
