"""How often the positive recordings were the more likely, part by part, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vocable.evaluate.intervals import Interval, bootstrap_interval
from vocable.evaluate.likelihood.pairs import Pair

CHANCE = 0.5


@dataclass(frozen=True)
class Accuracy:
    """Of the pairs of a part, or of a `group` in it, the share that a system got right.

    interval    over items, 0 to 1, by the bootstrap over their owners
    owners      that are drawn: speakers, couples of them, or items; of fewer than ten it is rough
    """

    system: str
    part: str
    group: str
    interval: Interval
    pairs: int
    items: int
    owners: int


def accuracies(system: str, pairs: Sequence[Pair], right: Sequence[float]) -> list[Accuracy]:
    """Return a row for each part, in order, and below it one for each of its groups.

    right: of each pair 1 where the positive recording was the more likely, 0.5 where both were
    equally likely, else 0.
    """
    rows: dict[tuple[str, str], list[int]] = {}
    for part in dict.fromkeys(pair.part for pair in pairs):
        ours = [k for k, pair in enumerate(pairs) if pair.part == part]
        rows[part, ""] = ours
        for k in ours:
            for group in pairs[k].groups:
                rows.setdefault((part, group), []).append(k)
    return [
        _accuracy(system, part, group, [pairs[k] for k in some], [right[k] for k in some])
        for (part, group), some in rows.items()
    ]


def _accuracy(
    system: str, part: str, group: str, pairs: Sequence[Pair], right: Sequence[float]
) -> Accuracy:
    by_item: dict[str, list[float]] = {}
    owners: dict[str, str] = {}
    for pair, each in zip(pairs, right, strict=True):
        by_item.setdefault(pair.item, []).append(each)
        owners[pair.item] = pair.owner or pair.item
    items = sorted(by_item)  # so that the draws do not depend on the order of pairs
    values = np.array([np.mean(by_item[item]) for item in items])
    drawn = [owners[item] for item in items]
    interval = bootstrap_interval(values, drawn)
    return Accuracy(system, part, group, interval, len(pairs), len(items), len(set(drawn)))
