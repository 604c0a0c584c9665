"""The network of VALL-E's second model.

For level j it reads the text, all levels of a prompt, and the sum of the levels below j of what
follows; it tells level j of that. Heads are the tables of the levels. In training a level is drawn
for each batch, and each recording is split as in VALL-E 2, section 3.4: what is prompt is never
asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.lessons import GIVEN, Asked, Lesson, Lessons, Text, Told
from vocable.language.valle.nar.config import ValleNARConfig
from vocable.language.valle.nar.lesson import nar_lesson
from vocable.language.valle.nar.staged import StagedTransformer
from vocable.language.valle.rows import Rows, embedding, looked_up, of_text
from vocable.language.valle.steps import AT, CODES, check_whole
from vocable.tokens import AudioTokens, TokenSpec

SHORTEST, LONGEST = 3.0, 30.0  # s of a prompt in training, if that is not over half of it


class ValleNAR(nn.Module):
    """Tables of levels, whose sums are read and which tell them apart, and a transformer."""

    reads_text = True

    def __init__(self, config: ValleNARConfig) -> None:
        super().__init__()
        width = config.trunk.width
        self.config = config
        self.rows = Rows(config.symbols, width)
        sizes = [level.size for level in config.tokens.levels[: config.levels]]
        self.codes = nn.ModuleList(embedding(size, width) for size in sizes)
        self.trunk = StagedTransformer(config.trunk, config.levels)  # stage j asks for level j

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it fills in."""
        return self.config.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes, its text apart."""
        return float(self.spec.frame_rate)

    @property
    def asked(self) -> Asked:
        """What it tells."""
        return Asked(self.config.track, 1, self.config.levels, self.config.last)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return a whole recording and its text as steps; see `nar_lesson`."""
        text = check_whole(text, begins=begins, ends=ends)
        return nar_lesson(self.config, tracks[self.config.track], text)

    def embed(
        self, ids: Int[Tensor, "batch time rows"], prompts: Sequence[int], level: int
    ) -> Float[Tensor, "batch time width"]:
        """Return steps as they are read to tell a level; of each item so many frames are prompt."""
        prompt = in_prompt(ids, prompts)
        codes = torch.zeros((), device=ids.device)
        for below, table in enumerate(self.codes):
            known = ids[..., CODES + below]
            known = known if below < level else known.where(prompt, -1)
            codes = codes + looked_up(table, known)  # type: ignore[arg-type]
        return self.rows.forward(ids, codes)

    def logits(
        self, ids: Int[Tensor, "batch time rows"], prompts: Sequence[int], level: int,
        asked: Tensor, lengths: Sequence[int] | None = None,
    ) -> Float[Tensor, "asked size"]:  # fmt: skip
        """Return those of a level at the steps where `asked`, `[batch, time]`, is True."""
        hidden = self.trunk(self.embed(ids, prompts, level), level, lengths)
        return F.linear(hidden[asked], self.codes[level].weight)  # type: ignore[arg-type]

    def nats(self, lessons: Lessons) -> Told:
        """Return how well levels are told: in training one that is drawn, else each of them."""
        ids, prompts = lessons.ids, self._prompts(lessons)
        levels: Sequence[int] = range(1, self.config.levels)
        if self.training:
            levels = [int(torch.randint(1, self.config.levels, ()))]
        prompt = in_prompt(ids, prompts)
        found = []
        for level in levels:
            asked = (lessons.levels[..., CODES + level] != GIVEN) & ~prompt
            logits = self.logits(ids, prompts, level, asked, lessons.lengths)
            right = ids[..., CODES + level][asked]
            nats = F.cross_entropy(logits.float(), right, reduction="none")
            found.append(Told(nats, torch.full_like(right, level)))
        return Told.joined(found)

    def _prompts(self, lessons: Lessons) -> list[int]:
        """Return how many frames of each item are prompt: half, or less, drawn in training."""
        frames = (lessons.ids[..., CODES] >= 0).sum(1)
        seconds = torch.full((len(frames),), SHORTEST)
        if self.training:
            seconds = SHORTEST + (LONGEST - SHORTEST) * torch.rand(len(frames))
        drawn = (seconds * float(self.spec.frame_rate)).long()
        found: list[int] = drawn.minimum(frames.cpu() // 2).tolist()
        return found


def in_prompt(ids: Int[Tensor, "batch time rows"], prompts: Sequence[int]) -> Tensor:
    """Return which steps are of the prompt, `[batch, time]`."""
    ends = torch.tensor(list(prompts), device=ids.device)[:, None]
    return ~of_text(ids) & (ids[..., AT] >= 0) & (ids[..., AT] < ends)
