"""Letters of rows that are more than they: connectionist temporal classification.

Graves et al. 2006. Each row is a letter or none (id 0); equal neighbours are one letter, and what
is left without the nones is the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

_NEVER = -np.inf


def ctc_nats(
    logits: Float[Tensor, "batch time letters"],
    lengths: Sequence[int],
    ids: Int[Tensor, "batch most"],
    counts: Sequence[int],
) -> Float[Tensor, " batch"]:
    """Return the nats of each text, over all rows that may write it.

    Of each item the first `lengths` rows and the first `counts` ids count. Infinity for a text that
    has no room: each letter needs a row, and between two equal ones there is another.
    """
    scores = logits.float().log_softmax(-1).transpose(0, 1)
    given = torch.tensor(list(lengths)), torch.tensor(list(counts))
    # torch gives what has no room a gradient of nan, and that of zero where it calls the nats zero
    nats = F.ctc_loss(scores, ids.clamp(min=1), *given, reduction="none", zero_infinity=True)
    return nats.masked_fill(~_has_room(lengths, ids, counts), torch.inf)


def mean_ctc_nats(
    logits: Float[Tensor, "batch time letters"],
    lengths: Sequence[int],
    ids: Int[Tensor, "batch most"],
    counts: Sequence[int],
) -> Float[Tensor, ""] | None:
    """Return the mean nats of a letter, of texts that have room; None where there is no such."""
    nats = ctc_nats(logits, lengths, ids, counts)
    asked = torch.tensor(list(counts), device=nats.device)
    fits = nats.isfinite() & (asked > 0)
    return nats[fits].sum() / asked[fits].sum() if fits.any() else None


def _has_room(
    lengths: Sequence[int], ids: Int[Tensor, "batch most"], counts: Sequence[int]
) -> Bool[Tensor, " batch"]:
    rows, letters = (torch.tensor(list(each), device=ids.device) for each in (lengths, counts))
    counted = torch.arange(1, ids.shape[1], device=ids.device) < letters[:, None]
    equal = (ids[:, 1:] == ids[:, :-1]) & counted
    return rows >= letters + equal.sum(1)


def ctc_greedy(logits: Float[Tensor, "time letters"]) -> list[int]:
    """Return the letters of the likeliest row each."""
    best = logits.argmax(-1)
    kept = torch.unique_consecutive(best)
    return [int(each) for each in kept if each]


def ctc_beam(logits: Float[Tensor, "time letters"], beam: int) -> list[int]:
    """Return the likeliest text by its prefixes, of which `beam` are kept behind each row.

    Hannun et al. 2014, arXiv:1408.2873, without a model of words: all rows that write a prefix
    count for it, which the likeliest rows alone may miss.
    """
    scores = logits.float().log_softmax(-1).double().cpu().numpy()
    kept: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}
    for row in scores:
        kept = _behind_a_row(kept, row)
        likeliest = sorted(kept, key=lambda each: -float(np.logaddexp(*kept[each])))
        kept = {prefix: kept[prefix] for prefix in likeliest[:beam]}
    return list(next(iter(kept)))


def _behind_a_row(
    kept: dict[tuple[int, ...], tuple[float, float]], row: Float[np.ndarray, " letters"]
) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return each prefix behind a row, and its nats where no letter is last, and where one is."""
    without: dict[tuple[int, ...], float] = defaultdict(lambda: _NEVER)
    letter: dict[tuple[int, ...], float] = defaultdict(lambda: _NEVER)
    for prefix, (none_last, letter_last) in kept.items():
        either = float(np.logaddexp(none_last, letter_last))
        without[prefix] = float(np.logaddexp(without[prefix], either + row[0]))
        for id, nats in enumerate(row[1:], 1):
            longer, before = (*prefix, id), either
            if prefix and prefix[-1] == id:
                letter[prefix] = float(np.logaddexp(letter[prefix], letter_last + nats))
                before = none_last
            letter[longer] = float(np.logaddexp(letter[longer], before + nats))
    return {prefix: (without[prefix], letter[prefix]) for prefix in {**without, **letter}}
