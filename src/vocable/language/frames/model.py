"""A model of a codec's frames: the rows of a step side by side, or in turn by a depth model.

Side by side (`parallel`, `delay`: "Simple and Controllable Music Generation", Copet et al. 2023,
arXiv:2306.05284) each row has a head. In turn (`depth`, `acoustic_delay`: RQ-Transformer, Lee et
al. 2022, arXiv:2203.01941, and Moshi, arXiv:2410.00037) a depth model in CSM's form sees what the
trunk gives and the rows before. Only ids that a row can be are foretold: in the first row codes and
the end, in others codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.cache import Cache
from vocable.language.depth import Draw, SharedDepth
from vocable.language.frames.config import FramesConfig
from vocable.language.frames.lesson import frames_lesson
from vocable.language.lessons import GIVEN, NOTHING, Asked, Lesson, Lessons, Told
from vocable.language.places import make_head, make_places, make_table, set_places
from vocable.language.token_model import draw_rows, sum_of_embeddings
from vocable.language.transformer import Transformer
from vocable.tokens import AudioTokens, TokenSpec


class Frames(nn.Module):
    """Tables, a transformer, and heads of all rows, or of the first and a depth model."""

    def __init__(self, config: FramesConfig) -> None:
        super().__init__()
        width, sizes = config.trunk.width, config.sizes
        self.config, self.drawn = config, len(sizes)
        self.sizes = (sizes[0] + 3, *sizes[1:])  # the first may be the end, and the lead's two
        self.places = make_places(config.places, config.level_sizes)
        self.tables = nn.ModuleList(
            make_table(self._places(row), size, width) for row, size in enumerate(self.sizes)
        )
        self.trunk = Transformer(config.trunk)
        drawn = [sizes[0] + 1, *sizes[1:]]
        self.depth: SharedDepth | None = None
        if config.depth is not None:
            self.depth = SharedDepth(
                config.depth, width=width, rows=len(sizes), size=max(sizes[1:])
            )
        self.heads = nn.ModuleList(
            make_head(config.places, self._places(row), width, size)
            for row, size in enumerate(drawn[: 1 if self.depth else None])
        )
        for table in self.tables:
            if isinstance(table, nn.Embedding):
                nn.init.normal_(table.weight, std=width**-0.5)

    def _places(self, row: int) -> nn.Module | None:
        """Return the places of the codes of a row."""
        return self.places and self.places[self.config.rows[row] % self.config.levels]

    def place(self, tracks: Mapping[str, Sequence[Tensor]]) -> None:
        """Take where codes lie, where the config says that it is told; see `Placed`."""
        if self.places is not None:
            set_places(self.places, tracks[self.config.track][: self.config.levels])

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the sum of the rows' embeddings; an id of -1 adds nothing."""
        return sum_of_embeddings(self.tables, ids)

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it foretells."""
        return self.config.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes."""
        return float(self.config.order.rate(self.spec, self.config.levels))

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The tracks that it reads, and what their tokens are."""
        return {self.config.track: self.spec}

    @property
    def asked(self) -> Asked:
        """What it foretells."""
        levels, streams = self.config.levels, self.config.streams
        return Asked(self.config.track, 0, levels, streams * levels, streams=streams)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True
    ) -> Lesson:
        """Return its track as steps; see `frames_lesson`."""
        return frames_lesson(self.config, tracks[self.config.track], begins=begins, ends=ends)

    @property
    def codes_alone(self) -> bool:
        """Whether all it reads are the codes that it foretells; see `Foretells`."""
        return self.config.streams == 1  # files are coded stream by stream

    def score(self, tokens: AudioTokens, *, begins: bool) -> Lesson:
        """Return the steps of a stretch; where a depth model draws, it is told where that ends."""
        config = self.config
        return frames_lesson(config, tokens, begins=begins, ends=config.order.deep)

    def ids_of(self, level: int) -> slice:
        """Return which ids of a row are codes of a level."""
        return slice(0, self.spec.levels[level].size)

    def most_frames(self, positions: int) -> int:
        """Return how many frames' steps fit; before them the lead, behind them the end."""
        config = self.config
        return config.order.max_frames(self.spec, positions - 1, config.levels)

    def nats(self, lessons: Lessons) -> Told:
        """Return how well the model foretells what is asked for, row after row."""
        hidden = self.trunk.forward(self.embed(lessons.before), lessons.read)
        ids, levels = lessons.ids[:, 1:], lessons.levels[:, 1:]
        found = []
        for row, head in enumerate(self.heads):
            asked = levels[..., row] != GIVEN
            logits = head(hidden[asked][None])[0]
            found.append(_told(logits, ids[asked][:, row], levels[asked][:, row]))
        if self.depth is not None:
            found += self._deep(self.depth, hidden, ids, levels)
        return Told.joined(found)

    def _deep(self, depth: SharedDepth, hidden: Tensor, ids: Tensor, levels: Tensor) -> list[Told]:
        frames = (levels[..., 1:] != GIVEN).any(-1)
        ids, levels = ids[frames], levels[frames]
        known = [self._row(row, ids[:, row]) for row in range(ids.shape[1] - 1)]
        logits = depth.forward(hidden[frames], torch.stack(known, 1))
        found = []
        for row, size in enumerate(self.config.sizes[1:], 1):
            asked = levels[:, row] != GIVEN
            found.append(_told(logits[asked, row - 1, :size], ids[asked, row], levels[asked, row]))
        return found

    def _row(self, row: int, ids: Int[Tensor, " frames"]) -> Float[Tensor, "frames width"]:
        """Return the embeddings of a row's ids; -1 is 0."""
        found: Tensor = self.tables[row](ids.clamp(min=0)) * (ids >= 0)[:, None]
        return found

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache | None:
        """Return what the depth model writes into."""
        return None if self.depth is None else self.depth.make_cache(streams, dtype, device)

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: Cache | None
    ) -> Int[Tensor, "streams rows"]:
        """Draw the rows of the next step."""
        if self.depth is None or scratch is None:
            return draw_rows(self.heads, hidden, draw)
        sizes, streams, end = self.config.sizes, self.config.streams, self.config.end

        def of_level(row: int, logits: Tensor) -> Tensor:
            return draw(row, logits[:, : sizes[row]])

        def embed(row: int, ids: Tensor) -> Tensor:
            """Take nothing of other streams where the first ends: none has a frame there."""
            others = 0 < row < streams
            return self._row(row, ids.where(first != end, NOTHING) if others else ids)

        first = draw(0, self.heads[0](hidden[:, None])[:, 0])
        return self.depth.draw(hidden, first, embed, of_level, scratch)


def _told(logits: Tensor, ids: Tensor, levels: Tensor) -> Told:
    return Told(F.cross_entropy(logits.float(), ids, reduction="none"), levels)
