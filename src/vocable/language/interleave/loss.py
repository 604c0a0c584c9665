"""How well a text model with audio ids foretells a batch, in nats, by kind.

The mask is ours: the model is asked for logits alone, and what is not counted never meets a loss.
So no number is a sign (transformers' models do not agree on what −100 means), and a batch in which
nothing is counted is refused instead of giving NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.errors import TokenError
from vocable.language.interleave.lesson import KINDS, InterleavedBatch
from vocable.language.lessons import NOTHING, Told

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def nats_of(model: PreTrainedModel, batch: InterleavedBatch) -> Told:
    """Return the nats of each label of a batch, given the ids before it, and its kind as level.

    model   a causal model of Hugging Face that `text_model.extend` gave the lessons' ids; what is
            trained is `nats_of(model, batch).nats.mean()`

    TokenError for an id that the model has no row for.
    """
    rows = int(model.get_input_embeddings().weight.shape[0])
    most = int(max(batch.ids.max(), batch.labels.max()))
    if most >= rows:
        raise TokenError(
            f"the lessons have id {most} and the model {rows} rows; use text_model.extend with "
            "their vocabulary"
        )
    logits = model(input_ids=batch.ids, attention_mask=batch.read.long(), use_cache=False).logits
    asked = batch.labels[:, 1:] != NOTHING
    wanted, kinds = batch.labels[:, 1:][asked], batch.kinds[:, 1:][asked]
    nats = F.cross_entropy(logits[:, :-1][asked].float(), wanted, reduction="none")
    return Told(nats, kinds)


def means(told: Told) -> dict[str, Float[Tensor, ""]]:
    """Return the mean nats of text, audio and marks, of those kinds that were asked for."""
    sums, counts = told.sums(len(KINDS))
    return {name: sums[kind] / counts[kind] for kind, name in enumerate(KINDS) if counts[kind]}
