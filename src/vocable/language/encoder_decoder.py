"""An encoder that sees both sides of what is given, and a decoder that writes with it in sight.

"Attention Is All You Need" (Vaswani et al. 2017, arXiv:1706.03762), with norms in front. What is
given are rows of ids (a row for each level), whose embeddings are added up; what is written is one
row of ids, whose table is its head too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.config import TransformerConfig
from vocable.language.token_model import sum_of_embeddings
from vocable.language.transformer import Transformer


def check_pair(encoder: TransformerConfig, decoder: TransformerConfig) -> None:
    """Raise ModelError where one sees one side alone, or the other does not see it."""
    if encoder.causal:
        raise ModelError("an encoder sees both sides; set encoder.causal to False")
    if decoder.cross != encoder.width or not decoder.causal:
        raise ModelError(
            f"the decoder is causal and sees {decoder.cross} channels where the encoder has "
            f"{encoder.width}; set decoder.cross to that"
        )


class EncoderDecoder(nn.Module):
    """sizes: ids of each row that is given. ids: that the decoder reads; drawn: the first of these.

    `trunk` is the decoder.
    """

    def __init__(
        self, encoder: TransformerConfig, decoder: TransformerConfig, sizes: Sequence[int],
        ids: int, drawn: int,
    ) -> None:  # fmt: skip
        super().__init__()
        check_pair(encoder, decoder)
        self.ids_drawn = drawn
        self.tables = nn.ModuleList(nn.Embedding(size, encoder.width) for size in sizes)
        self.encoder = Transformer(encoder)
        self.table = nn.Embedding(ids, decoder.width)
        self.trunk = Transformer(decoder)
        for table in (*self.tables, self.table):
            weight: Any = table.weight
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)

    def encode(
        self, given: Int[Tensor, "batch time rows"], lengths: Sequence[int]
    ) -> list[Float[Tensor, "batch time width"]]:
        """Return what each layer of the encoder gives, and at last what the decoder sees."""
        rows = sum_of_embeddings(self.tables, given)
        return _all_of(self.encoder, self.encoder.each_layer(rows, lengths))

    def decode(
        self,
        written: Int[Tensor, "batch time"],
        lengths: Sequence[int],
        states: Float[Tensor, "batch states width"],
        state_lengths: Sequence[int],
    ) -> list[Float[Tensor, "batch time width"]]:
        """Return what each layer of the decoder gives, and at last what its head reads."""
        rows = self.table(written.clamp(min=0))
        return _all_of(self.trunk, self.trunk.each_layer(rows, lengths, states, state_lengths))

    def logits(self, hidden: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch ids"]:
        """Return the logits of the id that follows each row."""
        return F.linear(hidden, self.table.weight[: self.ids_drawn])


class Written:
    """A `Scorer` of what the decoder writes in sight of one item's states, behind a beginning."""

    def __init__(
        self,
        model: EncoderDecoder,
        states: Float[Tensor, "states width"],
        begin: Sequence[int],
        *,
        beam: int,
        most: int,
    ) -> None:
        self._model, self._begin, weight = model, list(begin), model.table.weight
        self._cache = Cache(
            model.trunk.config, beam, context=len(self._begin) + most, cross_states=len(states),
            dtype=weight.dtype, device=weight.device,
        )  # fmt: skip
        for stream in range(beam):
            model.trunk.look(states, self._cache, stream)

    def begin(self) -> Float[Tensor, "1 ids"]:
        """Return the log-probabilities of the first id."""
        return self._run([self._begin])

    def follow(self, before: Sequence[int], ids: Sequence[int]) -> Float[Tensor, "sequences ids"]:
        """Return those of the next ids; sequence k is what before[k] was, and ids[k] behind it."""
        self._cache.reorder(before)
        return self._run([[id] for id in ids])

    def _run(self, ids: list[list[int]]) -> Float[Tensor, "sequences ids"]:
        model = self._model
        rows = model.table(torch.tensor(ids, device=model.table.weight.device))
        hidden = model.trunk.step(rows, self._cache)[:, -1]
        return model.logits(hidden).float().log_softmax(-1)


def _all_of(trunk: Transformer, layers: Any) -> list[Tensor]:
    found = list(layers)
    return [*found, found[-1] if trunk.norm is None else trunk.norm.forward(found[-1])]
