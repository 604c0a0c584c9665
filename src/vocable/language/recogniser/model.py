"""The network of a recogniser: levels added up, an encoder, places for letters in each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.ctc import ctc_beam, ctc_greedy, ctc_nats, mean_ctc_nats
from vocable.language.lessons import Asked, Lesson, Lessons, Text, Told
from vocable.language.letters import Letters
from vocable.language.maps import Map
from vocable.language.recogniser.config import RecogniserConfig
from vocable.language.recogniser.lesson import recogniser_lesson
from vocable.language.token_model import sum_of_embeddings
from vocable.language.transformer import Transformer
from vocable.tokens import AudioTokens, TokenSpec


class Recogniser(nn.Module):
    """A table for each level, an encoder, and a map to letters by CTC."""

    reads_text = True

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        width = config.trunk.width
        self.config, self._letters = config, len(config.letters) + 1
        self.tables = nn.ModuleList(nn.Embedding(each.size, width) for each in config.part.levels)
        self.trunk = Transformer(config.trunk)
        self.out = Map(width, config.places * self._letters, bias=True)
        for table in self.tables:
            weight: Any = table.weight
            nn.init.normal_(weight, std=width**-0.5)

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it reads."""
        return self.config.part.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions that a second of sound takes, where no frames are joined."""
        return float(self.spec.frame_rate)

    @property
    def asked(self) -> Asked:
        """What it tells: letters, which are level 0 of what it is asked."""
        return Asked(self.config.part.track, 0, 1, 1, told=True)

    @property
    def weights(self) -> Mapping[str, float]:
        """Its one loss has the weight 1."""
        return {}

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return a recording as rows; see `recogniser_lesson`."""
        return recogniser_lesson(self.config, tracks, begins=begins, ends=ends, text=text)

    def forward(
        self, frames: Int[Tensor, "batch time levels"], lengths: Sequence[int]
    ) -> Float[Tensor, "batch places letters"]:
        """Return the logits of the letters of each place, 0 for none; each frame has as many."""
        hidden = self.trunk.forward(sum_of_embeddings(self.tables, frames), lengths)
        return self.out.forward(hidden).reshape(len(frames), -1, self._letters)

    def nats(self, lessons: Lessons) -> Told:
        """Return the nats of each text, its letters' share each; of those that have room."""
        logits, lengths, ids, counts = self._run(lessons)
        nats = ctc_nats(logits, lengths, ids, counts)
        many = torch.tensor(counts, device=nats.device).where(nats.isfinite(), 0)
        shares = (nats / many.clamp(min=1)).repeat_interleave(many)
        return Told(shares, torch.zeros_like(shares, dtype=torch.int64))

    def losses(self, lessons: Lessons) -> dict[str, Tensor]:
        """Return the mean nats of a letter, of texts that have room."""
        logits, lengths, ids, counts = self._run(lessons)
        loss = mean_ctc_nats(logits, lengths, ids, counts)
        return {"letters": logits.sum() * 0.0 if loss is None else loss}

    def hear(self, lessons: Lessons) -> list[str]:
        """Return the text of each item, greedily."""
        logits, lengths, *_ = self._run(lessons)
        return [self.read(row[:n], 1) for row, n in zip(logits, lengths, strict=True)]

    def read(self, logits: Float[Tensor, "places letters"], beam: int) -> str:
        """Return logits as a text; beam: prefixes that are kept, 1: the likeliest of each place."""
        found = ctc_greedy(logits) if beam == 1 else ctc_beam(logits, beam)
        return Letters(self.config.letters).text(found)

    def _run(self, lessons: Lessons) -> tuple[Tensor, list[int], Tensor, list[int]]:
        frames, letters = lessons.ids[..., :-1], lessons.ids[:, 1:, -1]
        lengths: list[int] = (frames[..., 0] >= 0).sum(1).tolist()
        counts: list[int] = (letters >= 0).sum(1).tolist()
        logits = self.forward(frames[:, : max(lengths)], lengths)
        places = [length * self.config.places for length in lengths]
        return logits, places, letters[:, : max(counts)], counts
