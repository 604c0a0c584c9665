"""The network of a translator.

"Direct speech-to-speech translation with discrete units" (Lee et al. 2022, arXiv:2107.05604).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.language.ctc import mean_ctc_nats
from vocable.language.encoder_decoder import EncoderDecoder
from vocable.language.lessons import GIVEN, Asked, Lesson, Lessons, Text, Told
from vocable.language.maps import Map
from vocable.language.norm import make_norm
from vocable.language.translator.config import CtcHead, TranslatorConfig
from vocable.language.translator.lesson import (
    SOURCE,
    SOURCE_TEXT,
    TARGET,
    TARGET_TEXT,
    translator_lesson,
)
from vocable.tokens import AudioTokens, TokenSpec


class Translator(EncoderDecoder):
    """An encoder over source units, a decoder of target units; heads of letters on layers."""

    reads_text = False

    def __init__(self, config: TranslatorConfig) -> None:
        units = config.units
        sizes = [config.source.levels[0].size]
        super().__init__(config.encoder, config.decoder, sizes, units + 2, units + 1)
        self.config = config
        letters = len(config.letters) + 1
        self.heads = nn.ModuleList(
            nn.ModuleList([make_norm(trunk), Map(trunk.width, letters, bias=True)])
            for trunk in (getattr(config, head.side) for head in config.heads)
        )

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it foretells."""
        return self.config.target.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions of the decoder that a second takes, where no units are joined."""
        return float(self.spec.frame_rate)

    @property
    def asked(self) -> Asked:
        """What it foretells."""
        part = self.config.target
        return Asked(part.track, 0, 1, len(part.tokens.levels), part.dedup, told=True)

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights of its losses, those of 1 left out."""
        return {head.name: head.weight for head in self.config.heads}

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return a pair as rows; see `translator_lesson`."""
        return translator_lesson(self.config, tracks, begins=begins, ends=ends, text=text)

    def nats(self, lessons: Lessons) -> Told:
        """Return how well each unit of the target is foretold, and its end."""
        nats, levels = self._foretold(self._run(lessons)["decoder"][-1], lessons, 0.0)
        return Told(nats, levels)

    def losses(self, lessons: Lessons) -> dict[str, Tensor]:
        """Return the mean smoothed nats of a unit, and those of a letter of each head."""
        layers = self._run(lessons)
        nats, _ = self._foretold(layers["decoder"][-1], lessons, self.config.smoothing)
        found = {"units": nats.mean()}
        for head, parts in zip(self.config.heads, self.heads, strict=True):
            loss = self._letters(head, parts, layers[head.side][head.layer - 1], lessons)
            if loss is not None:
                found[head.name] = loss
        return found

    def _run(self, lessons: Lessons) -> dict[str, list[Tensor]]:
        sources, targets = (_lengths(lessons, row) for row in (SOURCE, TARGET))
        most = max(sources)
        encoder = self.encode(lessons.ids[:, :most, SOURCE, None], sources)
        written = lessons.ids[:, : max(targets) - 1, TARGET]
        read = [length - 1 for length in targets]
        return {"encoder": encoder, "decoder": self.decode(written, read, encoder[-1], sources)}

    def _foretold(
        self, hidden: Float[Tensor, "batch time width"], lessons: Lessons, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        last = 1 + hidden.shape[1]
        ids, levels = (each[:, 1:last, TARGET] for each in (lessons.ids, lessons.levels))
        asked = levels != GIVEN
        logits = self.logits(hidden[asked]).float()
        nats = F.cross_entropy(logits, ids[asked], reduction="none", label_smoothing=smoothing)
        return nats, levels[asked]

    def _letters(
        self, head: CtcHead, parts: Any, hidden: Tensor, lessons: Lessons
    ) -> Tensor | None:
        row = SOURCE_TEXT if head.text == "source" else TARGET_TEXT
        counts = _lengths(lessons, row)
        if not any(counts):
            return None
        side = SOURCE if head.side == "encoder" else TARGET
        lengths = [length - (side == TARGET) for length in _lengths(lessons, side)]
        norm, out = parts
        logits = out.forward(norm.forward(hidden))
        return mean_ctc_nats(logits, lengths, lessons.ids[:, : max(counts), row], counts)


def _lengths(lessons: Lessons, row: int) -> list[int]:
    """Return how many ids each item has in a row."""
    found: list[int] = (lessons.ids[..., row] >= 0).sum(1).tolist()
    return found
