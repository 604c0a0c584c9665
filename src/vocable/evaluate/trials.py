"""Find the equal error rates of many draws of speakers at once.

A draw weighs each trial by how often its speakers were drawn. The threshold where both kinds of
mistakes are as many moves little from draw to draw, so all draws are summed up to some score by
products of matrices, and only the trials about that threshold are gone through one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

Counts = Float64[np.ndarray, "draws owners"]
Owners = Int64[np.ndarray, "trials"]
Rates = Float64[np.ndarray, "_"]

NEAR = 64  # thresholds to either side that are looked at first


def drawn_rates(
    scores: Float64[np.ndarray, "trials"], first: Owners, second: Owners, counts: Counts
) -> Rates:
    """Return the equal error rate of each draw that has trials of both kinds, 0 to 1.

    first, second: who speaks in each trial. counts: how often each owner is drawn. As `crossing`,
    with a weight for each trial: the count of its speaker, or of both where they differ.
    """
    trials = _Trials.of(scores, first, second)
    whole = trials.below(scores.size, counts)
    some = (whole > 0).all(axis=0)
    counts, whole = counts[some], whole[:, some]
    rates = np.full(whole.shape[1], np.nan)
    middle, near = trials.crossing(), NEAR
    while (left := np.isnan(rates)).any():
        low, high = max(0, middle - near), min(trials.thresholds, middle + near)
        summed = trials.summed(low, high, counts[left]) / whole[:, left, None]
        rates[left] = _crossed(summed[0], 1 - summed[1])
        near *= 4
    return rates


@dataclass(frozen=True)
class _Trials:
    """Trials in order of their scores: the place of each among them, and who speaks."""

    place: Int64[np.ndarray, "trials"]
    first: Owners
    second: Owners
    same: Bool[np.ndarray, "trials"]
    thresholds: int

    @classmethod
    def of(cls, scores: Float64[np.ndarray, "trials"], first: Owners, second: Owners) -> _Trials:
        thresholds, place = np.unique(scores, return_inverse=True)
        order = np.argsort(place, kind="stable")
        first, second = first[order], second[order]
        return cls(place[order], first, second, first == second, thresholds.size)

    def crossing(self) -> int:
        """Return the threshold where both kinds of mistakes are as many, if all weigh alike."""
        counts = [np.bincount(self.place[k], minlength=self.thresholds) for k in self.kinds]
        rejected, passed = (np.cumsum(count) / count.sum() for count in counts)
        return int(np.argmax(rejected >= 1 - passed))

    @property
    def kinds(self) -> tuple[Bool[np.ndarray, "trials"], Bool[np.ndarray, "trials"]]:
        return self.same, ~self.same

    def below(self, stop: int, counts: Counts) -> Float64[np.ndarray, "2 draws"]:
        """Return the weights of the first trials: those of one speaker, and those of two."""
        owners = counts.shape[1]
        one, two = (kind[:stop] for kind in self.kinds)
        of_one = np.bincount(self.first[:stop][one], minlength=owners)
        pairs = self.first[:stop][two] * owners + self.second[:stop][two]
        of_two = np.bincount(pairs, minlength=owners**2).reshape(owners, owners)
        return np.stack([counts @ of_one, ((counts @ of_two) * counts).sum(axis=1)])

    def summed(
        self, low: int, high: int, counts: Counts
    ) -> Float64[np.ndarray, "2 draws thresholds"]:
        """Return the weights below each threshold from `low` to `high`, of both kinds."""
        start, stop = np.searchsorted(self.place, (low, high))
        of_first, of_second = (who[start:stop] for who in (self.first, self.second))
        ends = np.searchsorted(self.place[start:stop], np.arange(low, high + 1))
        steps = np.zeros((2, len(counts), stop - start + 1))
        weights = counts[:, of_first]
        steps[0, :, 1:] = weights * self.same[start:stop]
        steps[1, :, 1:] = weights * counts[:, of_second] * ~self.same[start:stop]
        steps[:, :, 0] = self.below(int(start), counts)
        return np.cumsum(steps, axis=2)[:, :, ends]


def _crossed(
    rejected: Float64[np.ndarray, "draws thresholds"],
    accepted: Float64[np.ndarray, "draws thresholds"],
) -> Rates:
    """Return the rates where the two cross, on straight lines; NaN for draws that do not here."""
    gap = rejected - accepted
    after = np.argmax(gap >= 0, axis=1)
    rates = np.full(len(gap), np.nan)
    (row,) = np.nonzero(after)  # 0: all below, or all above
    after = after[row]
    before = after - 1
    share = -gap[row, before] / (gap[row, after] - gap[row, before])
    step = rejected[row, after] - rejected[row, before]
    rates[row] = rejected[row, before] + share * step
    return rates
