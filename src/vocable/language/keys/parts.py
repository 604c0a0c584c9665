"""Tensors that one layout keeps apart and another together: queries, keys, values; weights a step.

A table says which, by patterns of whole keys, in the manner of `vocable.weights.Row`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vocable.errors import ModelError


class Parts(NamedTuple):
    """A line of a table: keys that fit the pattern, whose last group says which part a key is."""

    pattern: str
    name: str  # of the whole: a replacement, as in `re.sub`
    order: Sequence[str]  # what the last group is of each part
    join: Callable[[list[Tensor]], Tensor]


def gathered(tensors: Mapping[str, Tensor], table: Sequence[Parts]) -> dict[str, Tensor]:
    """Return tensors with wholes in place of their parts; ModelError where a part is missing."""
    found = dict(tensors)
    for line in table:
        for name, parts in _found(found, line).items():
            pieces = [found.pop(parts[each]) for each in line.order if each in parts]
            if len(pieces) < len(line.order):
                lacking = ", ".join(each for each in line.order if each not in parts)
                raise ModelError(
                    f"checkpoint has {next(iter(parts.values()))} but of its kind not {lacking}; "
                    f"fetch it again"
                )
            found[name] = _joined(name, pieces, line.join)
    return found


def _found(tensors: Mapping[str, Tensor], line: Parts) -> dict[str, dict[str, str]]:
    """Return the key of each part of each whole."""
    wholes: dict[str, dict[str, str]] = {}
    for key in tensors:
        if match := re.fullmatch(line.pattern, key):
            wholes.setdefault(match.expand(line.name), {})[match.groups()[-1]] = key
    return wholes


def _joined(name: str, pieces: list[Tensor], join: Callable[[list[Tensor]], Tensor]) -> Tensor:
    try:
        return join(pieces)
    except RuntimeError as error:
        shapes = ", ".join(str(list(piece.shape)) for piece in pieces)
        raise ModelError(f"checkpoint has parts of {name} that do not fit: {shapes}") from error


def side_by_side(pieces: list[Tensor]) -> Tensor:
    """Put the outputs of maps behind one another, in each set of weights if there are several."""
    return torch.cat(pieces, -2)


def number_of(keys: Mapping[str, object], pattern: str) -> int:
    """Return how many keys fit a pattern."""
    return sum(re.fullmatch(pattern, key) is not None for key in keys)
