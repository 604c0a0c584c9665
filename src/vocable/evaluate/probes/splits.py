"""Draw train, valid and test parts in which no owner is twice.

Where owners have examples of one label only (files of one word, sources of one sound), each label
is dealt by itself, so that train lacks none that two owners have.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.task import Fold

VALID, TEST = 0.15, 0.2  # shares of the examples


def one_split(examples: Sequence[Example], name: str) -> tuple[Fold, ...]:
    """Return one fold with 20 % of the examples to test and 15 % to stop by, by whole owners."""
    groups = _groups(examples, name, least=3)
    test, rest = _taken_of_each(groups, TEST)
    valid, train = _taken_of_each(rest, VALID / (1 - TEST))
    return (Fold(_joined(train), _joined(valid), _joined(test)),)


def cross_validation(examples: Sequence[Example], name: str, folds: int) -> tuple[Fold, ...]:
    """Return folds whose tests are all examples together, by whole owners.

    The part to stop by is drawn from what is not tested. With fewer owners than folds, there are
    as many folds as owners.
    """
    groups = _groups(examples, name, least=3)
    dealt: list[list[list[Example]]] = [[] for _ in range(min(folds, len(groups)))]
    totals = [0] * len(dealt)
    for own in _by_label(groups):
        loads = [0] * len(dealt)
        for group in sorted(own, key=len, reverse=True):
            fullness = list(zip(loads, totals, strict=True))
            place = fullness.index(min(fullness))
            dealt[place].append(group)
            loads[place] += len(group)
            totals[place] += len(group)
    made = []
    for number, test in enumerate(dealt):
        rest = [group for pile in dealt[:number] + dealt[number + 1 :] for group in pile]
        rest.sort(key=lambda group: _order(group[0].owner))
        valid, train = _taken_of_each(rest, VALID * len(examples) / sum(map(len, rest)))
        made.append(Fold(_joined(train), _joined(valid), _joined(test)))
    return tuple(made)


def within_classes(examples: Sequence[Example]) -> tuple[Fold, ...]:
    """Return one fold that has some of each class in each part; classes need three examples."""
    parts: tuple[list[Example], ...] = ([], [], [])
    for label in sorted({each.label for each in examples}):
        own = sorted((e for e in examples if e.label == label), key=lambda e: _order(e.name))
        test, valid = (max(1, round(share * len(own))) for share in (TEST, VALID))
        parts[2].extend(own[:test])
        parts[1].extend(own[test : test + valid])
        parts[0].extend(own[test + valid :])
    return (Fold(*(tuple(part) for part in parts)),)


def _groups(examples: Sequence[Example], name: str, least: int) -> list[list[Example]]:
    """Return the examples of each owner, in an order that is the same everywhere."""
    groups: dict[str, list[Example]] = {}
    for each in examples:
        groups.setdefault(each.owner, []).append(each)
    if len(groups) < least:
        raise MeasureError(
            f"{name}: needs recordings of {least} speakers or more, to keep those of train, valid "
            f"and test apart; got {len(groups)}"
        )
    return [groups[owner] for owner in sorted(groups, key=_order)]


def _only_label(group: Sequence[Example]) -> str:
    """Return the label of all examples of a group; none if they have several."""
    labels = {each.label for each in group}
    return labels.pop() if len(labels) == 1 else ""


def _by_label(groups: Sequence[list[Example]]) -> list[list[list[Example]]]:
    """Return the groups of each label, and together those of several or of a label of their own."""
    counts = Counter(map(_only_label, groups))
    found: dict[str, list[list[Example]]] = {}
    for group in groups:
        label = _only_label(group)
        found.setdefault(label if counts[label] > 1 else "", []).append(group)
    return [found[label] for label in sorted(found)]


def _taken_of_each(
    groups: Sequence[list[Example]], share: float
) -> tuple[list[list[Example]], list[list[Example]]]:
    """Return groups with about that share of the examples of each label, and the others.

    What is left has a group of each label that two owners have. What one label gave too little or
    too much is made up for by the next.
    """
    taken: list[list[Example]] = []
    rest: list[list[Example]] = []
    due = 0.0
    for own in _by_label(groups):
        due += share * sum(map(len, own))
        count = 0
        while count < len(own) - 1 and len(own[count]) / 2 <= due:
            due -= len(own[count])
            count += 1
        taken += own[:count]
        rest += own[count:]
    if not taken:
        taken, rest = rest[:1], rest[1:]
    return taken, rest


def _joined(groups: Sequence[Sequence[Example]]) -> tuple[Example, ...]:
    return tuple(each for group in groups for each in group)


def _order(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()
