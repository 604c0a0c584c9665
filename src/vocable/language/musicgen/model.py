"""The network of a MusicGen: a `TokenModel` whose rows are drawn side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.depth import Draw
from vocable.language.maps import Map
from vocable.language.musicgen.config import MusicGenConfig
from vocable.language.token_model import draw_rows, sum_of_embeddings
from vocable.language.transformer import Transformer


class MusicGen(nn.Module):
    """Tables, a transformer, heads; and a map that makes the text's states as wide as it is."""

    def __init__(self, config: MusicGenConfig) -> None:
        super().__init__()
        width = config.width
        self.config, self.drawn = config, config.rows
        self.sizes = (config.codes + 1,) * config.rows
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in self.sizes)
        self.trunk = Transformer(config.trunk)
        self.heads = nn.ModuleList(Map(width, config.codes) for _ in self.sizes)
        self.text = None if config.text is None else Map(config.text, width, bias=True)

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the sum of the rows' embeddings."""
        return sum_of_embeddings(self.tables, ids)

    def look(self, states: Float[Tensor, "states text"]) -> Float[Tensor, "states width"]:
        """Return the states of a text encoder as cross-attention takes them."""
        wanted = self.config.width if self.config.text is None else self.config.text
        if states.ndim != 2:
            raise ModelError(
                f"text states are [time, {wanted}], of one description, but these are "
                f"{list(states.shape)}"
            )
        if states.shape[1] != wanted:
            raise ModelError(
                f"this model takes text states of {wanted} channels but these have "
                f"{states.shape[1]}; take the encoder that it was trained with"
            )
        states = states.to(next(self.parameters()))
        return states if self.text is None else self.text.forward(states[None])[0]

    def forward(
        self,
        ids: Int[Tensor, "batch time rows"],
        lengths: Sequence[int] | None = None,
        text: Float[Tensor, "batch states text"] | None = None,
        text_lengths: Sequence[int] | None = None,
    ) -> list[Float[Tensor, "batch time codes"]]:
        """Return the logits of each row of the step after each.

        text: states of the text encoder, of which each item has the first `text_lengths`; 0: it
        is told nothing. None: no item is told anything.
        """
        x = self.embed(ids)
        if text is None:
            seen, text_lengths = torch.zeros_like(x[:, :1]), [0] * len(x)
        else:
            seen = torch.stack([self.look(each) for each in text])
        y = self.trunk.forward(x, lengths, seen, text_lengths)
        return [head(y) for head in self.heads]

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> None:
        """Nothing is needed."""

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: None
    ) -> Int[Tensor, "streams rows"]:
        """Draw every row from its head."""
        return draw_rows(self.heads, hidden, draw)
