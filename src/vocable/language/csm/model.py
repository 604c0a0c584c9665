"""CSM, Sesame's conversational speech model: text and sound in, frames of Mimi's tokens out.

"Crossing the uncanny valley of conversational voice" (Schalkwyk et al. 2025). A position is a row
of 33 ids: the 32 levels of a frame, or an id of text in the last; what a row lacks is -1, and what
it has is embedded and added up. The backbone draws level 0 of the next frame; the depth model draws
the other levels from the backbone's output and the levels before, anew for each frame. One table of
audio serves both.

Otherwise than in the published code, only ids that the codec has are drawn: the three reserved ones
of each level would be sound of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.cache import Cache
from vocable.language.csm.config import CsmConfig
from vocable.language.depth import Draw, SharedDepth
from vocable.language.maps import Map
from vocable.language.transformer import Transformer


@dataclass(frozen=True)
class CsmOutput:
    """hidden: what the depth model sees of each position. logits: of level 0 of the next frame."""

    hidden: Float[Tensor, "batch time width"]
    logits: Float[Tensor, "batch time size"]


class Csm(nn.Module):
    """The network: tables of text and audio, the backbone, its head, the depth model."""

    def __init__(self, config: CsmConfig) -> None:
        super().__init__()
        width = config.backbone.width
        self.config = config
        self.sizes = (config.size,) * config.levels + (config.text,)
        self.drawn = config.levels
        self.text = nn.Embedding(config.text, width)
        self.codes = nn.Embedding(config.levels * config.size, width)
        self.trunk = Transformer(config.backbone)
        self.head = Map(width, config.size)
        self.depth = SharedDepth(config.depth, width=width, rows=config.levels, size=config.size)

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the sum of the embeddings of each row; -1 adds nothing."""
        frames, text = ids[..., :-1], ids[..., -1]
        here = (frames >= 0).to(self.codes.weight.dtype)
        rows = (frames.clamp(min=0) + self._first_ids(frames)).flatten(0, 1)
        sound = F.embedding_bag(
            rows, self.codes.weight, mode="sum", per_sample_weights=here.flatten(0, 1)
        )
        written = self.text(text.clamp(min=0)) * (text >= 0)[..., None]
        found: Tensor = sound.view_as(written) + written
        return found

    def embed_level(
        self, level: int, ids: Int[Tensor, " streams"]
    ) -> Float[Tensor, "streams width"]:
        """Return the embeddings of the ids of one level."""
        found: Tensor = self.codes(ids + level * self.config.size)
        return found

    def forward(
        self, ids: Int[Tensor, "batch time rows"], lengths: Sequence[int] | None = None
    ) -> CsmOutput:
        """Run rows from position 0 on; of each item the first `lengths` count."""
        hidden = self.trunk.forward(self.embed(ids), lengths)
        return CsmOutput(hidden, self.head.forward(hidden))

    def deep_logits(
        self, hidden: Float[Tensor, "frames width"], frames: Int[Tensor, "frames levels"]
    ) -> Float[Tensor, "frames others size"]:
        """Return the logits of all levels but the first of known frames.

        hidden: what the backbone gave at the position before each.
        """
        known = frames[:, :-1]
        return self.depth.forward(hidden, self.codes(known + self._first_ids(known)))

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache:
        """Return what drawing the levels of a frame writes into."""
        return self.depth.make_cache(streams, dtype, device)

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: Cache
    ) -> Int[Tensor, "streams levels"]:
        """Draw a frame, level after level."""

        def of_codec(row: int, logits: Tensor) -> Tensor:
            return draw(row, logits[:, : self.config.codes])

        first = of_codec(0, self.head.forward(hidden[:, None])[:, 0])
        return self.depth.draw(hidden, first, self.embed_level, of_codec, scratch)

    def _first_ids(self, frames: Int[Tensor, "*rows levels"]) -> Int[Tensor, " levels"]:
        """Return where the ids of each level begin in the table."""
        return torch.arange(frames.shape[-1], device=frames.device) * self.config.size
