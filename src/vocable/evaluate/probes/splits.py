"""Draw train, valid and test parts in which no owner is twice.

Where owners have examples of one label only (files of one word, sources of one sound), each label
is dealt by itself, so that no part lacks one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain, zip_longest

from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.task import Fold

VALID, TEST = 0.15, 0.2  # shares of the examples


def one_split(examples: Sequence[Example], name: str) -> tuple[Fold, ...]:
    """Return one fold with 20 % of the examples to test and 15 % to stop by, by whole owners."""
    groups = _in_turns(_groups(examples, name, least=3))
    test, rest = _taken(groups, TEST * len(examples))
    valid, train = _taken(rest, VALID * len(examples))
    return (Fold(_joined(train), _joined(valid), _joined(test)),)


def cross_validation(examples: Sequence[Example], name: str, folds: int) -> tuple[Fold, ...]:
    """Return folds whose tests are all examples together, by whole owners.

    The part to stop by is drawn from what is not tested. With fewer owners than folds, there are
    as many folds as owners.
    """
    groups = _groups(examples, name, least=3)
    dealt: list[list[list[Example]]] = [[] for _ in range(min(folds, len(groups)))]
    for group in sorted(groups, key=lambda group: (-len(group), _only_label(group))):
        min(dealt, key=lambda pile: sum(map(len, pile))).append(group)
    made = []
    for number, test in enumerate(dealt):
        rest = [group for pile in dealt[:number] + dealt[number + 1 :] for group in pile]
        rest.sort(key=lambda group: _order(group[0].owner))
        valid, train = _taken(_in_turns(rest), VALID * len(examples))
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


def _in_turns(groups: Sequence[list[Example]]) -> list[list[Example]]:
    """Return the groups with their labels in turns, those of one label in the order they have."""
    by_label: dict[str, list[list[Example]]] = {}
    for group in groups:
        by_label.setdefault(_only_label(group), []).append(group)
    rounds = zip_longest(*(by_label[label] for label in sorted(by_label)), fillvalue=[])
    return [group for group in chain.from_iterable(rounds) if group]


def _taken(
    groups: Sequence[list[Example]], most: float
) -> tuple[list[list[Example]], list[list[Example]]]:
    """Return the first groups with about so many examples, at least one group, and the others."""
    count, total = 1, len(groups[0])
    while count < len(groups) - 1 and total + len(groups[count]) / 2 <= most:
        total += len(groups[count])
        count += 1
    return list(groups[:count]), list(groups[count:])


def _joined(groups: Sequence[Sequence[Example]]) -> tuple[Example, ...]:
    return tuple(each for group in groups for each in group)


def _order(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()
