"""Beam search: of several ids at each step the likeliest sequences go on.

As fairseq has it (Ott et al. 2019, arXiv:1904.01038), whose beams Lee et al. 2021 search: sequences
are compared by the mean of their log-probabilities, the end among them. Differs: where as many have
ended as go on side by side, it goes on as long as one that has not ended is likelier than all that
have; of a model that is certain the first ends are unlikely ones, and theirs would lose to greedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError


class Scorer(Protocol):
    """What knows how likely each id is behind some sequences."""

    def begin(self) -> Float[Tensor, "1 ids"]:
        """Return the log-probabilities of the first id."""
        ...

    def follow(self, before: Sequence[int], ids: Sequence[int]) -> Float[Tensor, "sequences ids"]:
        """Return those of the next ids; sequence k is what before[k] was, and ids[k] behind it."""
        ...


@dataclass(frozen=True)
class Found:
    """A sequence without its end. nats: of all its ids, the end among them.

    reason: "end" where it has one; "length" where none came within the ids that were allowed.
    """

    ids: tuple[int, ...]
    nats: float
    reason: Literal["end", "length"]

    @property
    def mean(self) -> float:
        """Nats of an id, by which sequences are compared."""
        return self.nats / max(1, len(self.ids) + (self.reason == "end"))


def beam_search(scorer: Scorer, *, beam: int, end: int, most: int) -> Found:
    """Return the best sequence of at most so many ids before its end.

    `beam` sequences go on at each step, and it ends when as many have ended and none that goes on
    is likelier. 1 is greedy: the likeliest id each. ModelError for a beam or a length below 1.
    """
    if beam < 1 or most < 1:
        raise ModelError(f"beam and most are 1 or more, not {beam} and {most}")
    ended: list[Found] = []
    alive = [Found((), 0.0, "length")]
    scores = scorer.begin()
    for step in range(1, most + 1):
        before, ids, alive = _likeliest(scores, alive, ended, beam, end)
        if not alive or (len(ended) >= beam and _mean(ended) <= _mean(alive)):
            break
        if step < most:
            scores = scorer.follow(before, ids)
    return min(ended or alive, key=lambda each: each.mean)


def _mean(sequences: Sequence[Found]) -> float:
    """Return the least nats of an id that one of them has."""
    return min(each.mean for each in sequences)


def _likeliest(
    scores: Tensor, alive: Sequence[Found], ended: list[Found], beam: int, end: int
) -> tuple[list[int], list[int], list[Found]]:
    """Return which sequences go on by which ids; those of the likeliest that end join `ended`."""
    nats = scores.new_tensor([each.nats for each in alive])[:, None] - scores
    found = nats.flatten().topk(min(2 * beam, nats.numel()), largest=False)
    before: list[int] = []
    ids: list[int] = []
    longer: list[Found] = []
    for rank, (total, place) in enumerate(zip(*(each.tolist() for each in found), strict=True)):
        source, id = divmod(place, scores.shape[1])
        if total == float("inf") or len(longer) == beam:
            break
        if id != end:
            before.append(source)
            ids.append(id)
            longer.append(Found((*alive[source].ids, id), total, "length"))
        elif rank < beam:
            ended.append(Found(alive[source].ids, total, "end"))
    return before, ids, longer
