"""The way from somebody's tensors to ours in steps, each of which knows the way back.

    read(steps, tensors)          theirs to ours, by the steps in order
    write(steps, tensors, model)  ours to theirs, by the same steps from the last to the first

What a step leaves out in reading, it makes anew in writing, as its family has it before training.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from vocable.codecs.keys.change import taken_back
from vocable.codecs.keys.inverse import Inverse
from vocable.errors import ModelError
from vocable.weights import Row, fuse_weight_norm, part_weight_norm, rename

Tensors = Mapping[str, Tensor]
Pairs = tuple[tuple[str, str], ...]  # patterns and what stands instead, one after the other

_PARTS = ("parametrizations.weight.original0", "parametrizations.weight.original1")
_OLD = ("weight_g", "weight_v")


class Step(Protocol):
    """A step of the way; equal ones are the same step of two layouts."""

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Return what comes behind the step of what is before it."""

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Return what `read` makes these tensors of. model: ours, which may hold no memory."""


def read(steps: Iterable[Step], tensors: Tensors) -> dict[str, Tensor]:
    """Return the tensors that steps make of somebody's."""
    for step in steps:
        tensors = step.read(tensors)
    return dict(tensors)


def write(steps: Sequence[Step], tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
    """Return tensors of which `read` makes these, bit for bit."""
    for step in reversed(steps):
        tensors = step.write(tensors, model)
    return dict(tensors)


def substituted(key: str, pairs: Pairs) -> str:
    """Return a key with each pattern replaced, in order."""
    for pattern, instead in pairs:
        key = re.sub(pattern, instead, key)
    return key


@dataclass(frozen=True)
class Names:
    """Other names of the same tensors. called: what a key is called behind the step."""

    called: Callable[[str], str]
    back: Pairs = ()

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Rename; refuse two keys of one name."""
        found: dict[str, Tensor] = {}
        for key, value in tensors.items():
            name = self.called(key)
            if name in found:
                raise ModelError(f"checkpoint has two keys for {name}, the second is {key}")
            found[name] = value
        return found

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Rename back."""
        return {substituted(key, self.back): value for key, value in tensors.items()}


@dataclass(frozen=True)
class Table:
    """Our names and our form of each tensor, by the rows of a table."""

    rows: tuple[Row, ...]

    @cached_property
    def inverse(self) -> Inverse:
        """The table, read backwards."""
        return Inverse(self.rows)

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Rename and turn; refuse a key that no row knows."""
        return rename(tensors, self.rows)

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Rename and turn back."""
        found = {}
        for key, value in tensors.items():
            row, name = self.inverse.of(key)
            if row.change:
                value = taken_back(row.change, value, model.get_submodule(key.rpartition(".")[0]))
            found[name] = value
        return found


def as_it_is(beginning: str) -> Row:
    """Return a row by which keys that begin so, with their tensors, stay."""
    return Row(rf"({re.escape(beginning)}.+)", r"\1")


NO_LAYER = r"(?!)"  # of a layout whose files hold plain weights


@dataclass(frozen=True)
class WeightNorm:
    """Weights for gains and directions. layers: a pattern of the names of layers that have them.

    parametrised: in torch's newer form. Reading takes either form, and plain weights.
    """

    layers: str
    parametrised: bool = False

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Fuse."""
        return fuse_weight_norm(tensors)

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Part again, into halves that fuse to the same weight."""
        endings = _PARTS if self.parametrised else _OLD
        found: dict[str, Tensor] = {}
        for key, value in tensors.items():
            name, _, kind = key.rpartition(".")
            if kind == "weight" and re.fullmatch(self.layers, name):
                halves = part_weight_norm(value)
                found |= {f"{name}.{end}": half for end, half in zip(endings, halves, strict=True)}
            else:
                found[key] = value
        return found


@dataclass(frozen=True)
class Aside:
    """Tensors that ours has not. keys: a pattern of theirs. made: how they are before training."""

    keys: str
    made: Callable[[Tensors], Tensors]

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Leave out."""
        return {key: value for key, value in tensors.items() if not re.fullmatch(self.keys, key)}

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Make anew."""
        return {**tensors, **self.made(tensors)}


@dataclass(frozen=True)
class Part:
    """Steps of a part alone. theirs, ours: what its keys begin with before and behind them."""

    theirs: str
    ours: str
    steps: tuple[Step, ...]

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Read what begins so; leave the rest."""
        part, rest = _parted(tensors, self.theirs)
        return rest | {self.ours + key: value for key, value in read(self.steps, part).items()}

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Write what begins so; leave the rest."""
        part, rest = _parted(tensors, self.ours)
        written = write(self.steps, part, model.get_submodule(self.ours.rstrip(".")))
        return rest | {self.theirs + key: value for key, value in written.items()}


def _parted(tensors: Tensors, beginning: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the tensors whose keys begin so, without that, and the others."""
    part = {k.removeprefix(beginning): v for k, v in tensors.items() if k.startswith(beginning)}
    return part, {k: v for k, v in tensors.items() if not k.startswith(beginning)}


def nothing(tensors: Tensors) -> Tensors:
    """Make nothing anew: what was left out is not asked for, or stays away."""
    return {}


@dataclass(frozen=True)
class Stacked:
    """Several maps of one row as one. names: ends of their keys; into: that of the one."""

    names: tuple[str, ...]
    into: str

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Stack."""
        found = dict(tensors)
        for key in tensors:
            if key.endswith(self.names[0]):
                before = key.removesuffix(self.names[0])
                found[before + self.into] = torch.cat(
                    [taken(found, before + name) for name in self.names]
                )
        return found

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Cut apart."""
        found = dict(tensors)
        for key in tensors:
            if key.endswith(self.into):
                before, parts = key.removesuffix(self.into), found.pop(key).chunk(len(self.names))
                pairs = zip(self.names, parts, strict=True)
                found |= {before + name: part.clone() for name, part in pairs}
        return found


@dataclass(frozen=True)
class Entries:
    """Entries of codebooks in place of the sums and the counts of their learning: Mimi's."""

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Divide, in fp32."""
        found = dict(tensors)
        for key in tensors:
            if key.endswith(".codebook.embed_sum"):
                name = key.removesuffix("embed_sum")
                sums, counts = taken(found, key), taken(found, name + "cluster_usage")
                found[name + "embed"] = sums.float() / counts.float().clamp(min=1e-5)[:, None]
        return found

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Write the entries as sums of one vector each."""
        found = dict(tensors)
        for key in tensors:
            if key.endswith(".codebook.embed"):
                name, entries = key.removesuffix("embed"), found.pop(key)
                found[name + "embed_sum"] = entries
                found[name + "cluster_usage"] = entries.new_ones(len(entries))
        return found


def taken(tensors: dict[str, Tensor], key: str) -> Tensor:
    """Take a tensor out; ModelError where it is not there."""
    if key not in tensors:
        raise ModelError(
            f"checkpoint lacks {key}, without which others mean nothing; fetch it again"
        )
    return tensors.pop(key)


def old_halves(key: str) -> str:
    """Return a key of torch's newer weight norm as the older one has it; others stay."""
    for part, old in zip(_PARTS, _OLD, strict=True):
        if key.endswith("." + part):
            return key.removesuffix(part) + old
    return key


PARAMETRISED: Pairs = tuple(  # what takes `old_halves` back
    (rf"\.{old}$", f".{part}") for part, old in zip(_PARTS, _OLD, strict=True)
)
