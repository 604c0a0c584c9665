"""The network of VALL-E's first model.

A row of the text sees all of the text, a row of the audio the text and the audio before it. A
group's embeddings are put side by side and projected, and so is what the trunk gives, for one
softmax a frame (VALL-E 2, section 3.3); with groups of 1 there is no projection. Heads are the
table of codes, as in both papers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.depth import Draw
from vocable.language.lessons import GIVEN, Asked, Lesson, Lessons, Text, Told
from vocable.language.maps import Map
from vocable.language.transformer import Transformer
from vocable.language.valle.ar.config import ValleARConfig
from vocable.language.valle.ar.lesson import ar_lesson
from vocable.language.valle.rows import Rows, embedding, looked_up, of_text
from vocable.language.valle.steps import CODES, check_whole
from vocable.text.phones import PLACES, STRESSES
from vocable.tokens import AudioTokens, TokenSpec


class ValleAR(nn.Module):
    """A `TokenModel` that draws a group of frames a step, and its first frame a second time.

    Drawn greedily, the second tells whether the end is the likeliest.
    """

    reads_text = True

    def __init__(self, config: ValleARConfig) -> None:
        super().__init__()
        width, groups = config.trunk.width, config.groups
        self.config, self.drawn = config, groups + 1
        text = config.symbols + 1, STRESSES, PLACES
        self.sizes = (*text, config.trunk.context, *(config.end + 1,) * groups)
        self.histories = (*(0,) * groups, 1)  # frames of a group continue one another
        self.rows = Rows(config.symbols, width)
        self.codes = embedding(config.end + 1, width)
        self.into = Map(groups * width, width) if groups > 1 else None
        self.trunk = Transformer(config.trunk)
        self.out = Map(width, groups * width) if groups > 1 else None

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return steps of text and codes as the trunk reads them."""
        codes = looked_up(self.codes, ids[..., CODES:]).flatten(2)
        return self.rows.forward(ids, codes if self.into is None else self.into.forward(codes))

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it foretells."""
        return self.config.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes, its text apart."""
        return float(self.spec.frame_rate) / self.config.groups

    @property
    def asked(self) -> Asked:
        """What it foretells."""
        return Asked(self.config.track, 0, 1, self.config.last)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return a whole recording and its text as steps; see `ar_lesson`."""
        text = check_whole(text, begins=begins, ends=ends)
        return ar_lesson(self.config, tracks[self.config.track], text)

    def hidden(
        self, ids: Int[Tensor, "batch time rows"], lengths: list[int] | None = None
    ) -> Float[Tensor, "batch time width"]:
        """Return what the trunk gives for whole rows; the steps of the text are their prefix."""
        prefixes = of_text(ids).sum(1).tolist()
        return self.trunk.forward(self.embed(ids), lengths, prefixes=prefixes)

    def logits(self, hidden: Float[Tensor, "rows width"]) -> list[Float[Tensor, "rows size"]]:
        """Return those of each frame of the next group; the first may be the end."""
        grouped = (
            [hidden]
            if self.out is None
            else self.out(hidden[:, None])[:, 0].chunk(self.config.groups, -1)
        )
        size, table = self.config.end, self.codes.weight
        return [
            F.linear(row, table[: size + 1 if frame == 0 else size])
            for frame, row in enumerate(grouped)
        ]

    def nats(self, lessons: Lessons) -> Told:
        """Return how well the model foretells each group and the end, frame after frame."""
        ids, levels = lessons.ids[:, 1:, CODES:], lessons.levels[:, 1:, CODES:]
        steps = levels[..., 0] != GIVEN
        logits = self.logits(self.hidden(lessons.before, lessons.read)[steps])
        ids, levels = ids[steps], levels[steps]
        found = []
        for frame, of_frame in enumerate(logits):
            asked = levels[:, frame] != GIVEN
            nats = F.cross_entropy(of_frame[asked].float(), ids[asked, frame], reduction="none")
            found.append(Told(nats, levels[asked, frame]))
        return Told.joined(found)

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> None:
        """Nothing is needed."""

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: None
    ) -> Int[Tensor, "streams drawn"]:
        """Draw the frames of the next group in turn, and the first of them again."""
        logits = self.logits(hidden)
        return torch.stack([draw(row, each) for row, each in enumerate((*logits, logits[0]))], 1)
