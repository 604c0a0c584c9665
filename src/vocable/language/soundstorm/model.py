"""SoundStorm: the levels of a codec one after the other, all frames of a level together.

"SoundStorm: Efficient Parallel Audio Generation" (Borsos et al. 2023, arXiv:2305.09636). A frame is
one position: the sum of the embeddings of its codes, of which masked ones have an embedding of
their level, and of what is said. A transformer sees all frames, and a head for each level tells its
codes.

Different from the paper: the network is the transformer of all families here, without the
Conformer's convolution of five frames and its second MLP, so that models of one size are compared
by what they are trained to do; semantic tokens are any, or none; the first levels may be given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vocable.language.lessons import GIVEN, Asked, Lesson, Lessons, Told
from vocable.language.places import make_head, make_places, make_table, set_places
from vocable.language.soundstorm.config import SoundStormConfig
from vocable.language.soundstorm.lesson import soundstorm_lesson
from vocable.language.soundstorm.mask import Mask, draw_mask, level_mask
from vocable.language.token_model import sum_of_embeddings
from vocable.language.transformer import Transformer
from vocable.tokens import AudioTokens, TokenSpec


class SoundStorm(nn.Module):
    """Tables of levels and of what is said, a transformer, and a head for each level."""

    masks: Int[Tensor, " levels"]

    def __init__(self, config: SoundStormConfig) -> None:
        super().__init__()
        width, sizes = config.trunk.width, config.sizes
        self.config = config
        self.places = make_places(config.places, sizes)
        places = [None] * len(sizes) if self.places is None else list(self.places)
        rows = [size + (level >= config.given) for level, size in enumerate(sizes)]
        self.tables = nn.ModuleList(
            make_table(*each, width)
            for each in (*zip(places, rows, strict=True), *((None, size) for size in config.beside))
        )
        self.trunk = Transformer(config.trunk)
        self.heads = nn.ModuleList(
            make_head(config.places, places[level], width, sizes[level])
            for level in range(config.given, config.levels)
        )
        self.register_buffer("masks", torch.tensor(sizes), persistent=False)
        for table in self.tables:
            if isinstance(table, nn.Embedding):
                nn.init.normal_(table.weight, std=width**-0.5)

    def place(self, tracks: Mapping[str, Sequence[Tensor]]) -> None:
        """Take where codes lie, where the config says that it is told; see `Placed`."""
        if self.places is not None:
            set_places(self.places, tracks[self.config.track][: self.config.levels])

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it tells."""
        return self.config.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes: its frames."""
        return float(self.config.rate)

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The tracks that it reads, and what their tokens are."""
        found = {self.config.track: self.spec}
        if (beside := self.config.semantic) is not None:
            found[beside.track] = beside.tokens
        return found

    @property
    def asked(self) -> Asked:
        """What it tells: levels; that a recording ends it does not."""
        config = self.config
        return Asked(config.track, config.given, config.levels, config.levels)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True
    ) -> Lesson:
        """Return tracks as frames; where a recording begins and ends plays no part."""
        return soundstorm_lesson(self.config, tracks)

    def nats(self, lessons: Lessons) -> Told:
        """Return how well codes are told.

        In training: those that a mask drawn by chance asks for (see `mask`). Otherwise: all, each
        level by `nats_of_level`; their sum is what all levels of the frames cost, as it is for a
        model that goes from frame to frame.
        """
        if not self.training:
            levels = range(self.config.given, self.config.levels)
            return Told.joined([self.nats_of_level(lessons, level) for level in levels])
        mask = draw_mask(lessons.read, self.config.levels, self.config.given)
        return self._told(lessons, mask)

    def nats_of_level(self, lessons: Lessons, level: int) -> Told:
        """Return how well a level is told in one pass by the levels below it, at all frames."""
        return self._told(lessons, level_mask(lessons.read, self.config.levels, level))

    def logits(
        self,
        ids: Int[Tensor, "batch time rows"],
        lengths: Sequence[int],
        level: int,
        places: Bool[Tensor, "batch time"],
    ) -> Float[Tensor, "places size"]:
        """Return the logits of a level's codes at some places.

        ids: of the levels, where `masks` has what stands for a masked one, and of what is said; -1
        adds nothing. lengths: frames of each item, the others are padding.
        """
        hidden = self.trunk.forward(sum_of_embeddings(self.tables, ids), lengths)
        found: Tensor = self.heads[level - self.config.given](hidden[places][None])[0]
        return found

    def _told(self, lessons: Lessons, mask: Mask) -> Told:
        ids, count = lessons.ids[:, 1:], self.config.levels
        mask = mask.to(ids.device)
        assert bool((lessons.levels[:, 1:, :count] != GIVEN)[mask.asked].all()), "codes are there"
        seen = torch.cat((ids[..., :count].where(~mask.hidden, self.masks), ids[..., count:]), 2)
        hidden = self.trunk.forward(sum_of_embeddings(self.tables, seen), lessons.read)
        found = []
        for level, head in enumerate(self.heads, self.config.given):
            asked = mask.asked[..., level]
            logits, codes = head(hidden[asked][None])[0], ids[..., level][asked]
            nats = F.cross_entropy(logits.float(), codes, reduction="none")
            found.append(Told(nats, torch.full_like(codes, level)))
        return Told.joined(found)
