"""The network of a MusicGen: a `TokenModel` whose rows are drawn side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.errors import ModelError
from vocable.language.maps import Map
from vocable.language.musicgen.config import MusicGenConfig
from vocable.language.token_model import RowModel


class MusicGen(RowModel):
    """A `RowModel`, and a map that makes the text's states as wide as it is."""

    def __init__(self, config: MusicGenConfig) -> None:
        sizes, heads = ((size,) * config.rows for size in (config.codes + 1, config.codes))
        super().__init__(config.trunk, sizes, heads)
        self.config = config
        self.text = None if config.text is None else Map(config.text, config.width, bias=True)

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
        if text is None:
            seen = next(self.parameters()).new_zeros(len(ids), 1, self.config.width)
            text_lengths = [0] * len(ids)
        else:
            seen = torch.stack([self.look(each) for each in text])
        return super().forward(ids, lengths, seen, text_lengths)
