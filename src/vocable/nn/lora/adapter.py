"""The low-rank pairs of many maps: put into a network, taken out again, merged into its weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.lora.linear import AdaptedLinear, LowRank
from vocable.nn.lora.places import Place
from vocable.nn.lora.settings import LoraSettings


class Adapter(nn.Module):
    """Pairs by the names of their places, which fit networks of one shape; it holds no network.

    Its weights are fp32, whatever a network computes in. A network that it is put into shares them:
    what they learn there is learnt here.
    """

    def __init__(self, network: nn.Module, places: Sequence[Place], settings: LoraSettings) -> None:
        super().__init__()
        if not places:
            raise ModelError("an adapter needs a layer to adapt; name targets")
        self.places, self.settings = tuple(places), settings
        self.pairs = nn.ModuleDict()
        for place in self.places:
            weight = _weight(network, place)
            pair = LowRank(weight.shape[1], place.end - place.begin, settings)
            self.pairs[_key(place)] = pair.to(weight.device)

    def named_pairs(self) -> Iterator[tuple[str, LowRank]]:
        """Yield the name of each place, and its pair."""
        for place in self.places:
            yield place.name, self._pair(place)

    def attach(self, network: nn.Module) -> None:
        """Put the pairs into a network, whose own weights stay as they are."""
        for path, places in self._by_module().items():
            base = _base(network, path)
            rows = [(place.begin, place.end) for place in places]
            adapted = AdaptedLinear(base, [self._pair(place) for place in places], rows)
            _replace(network, path, adapted.train(base.training))

    def detach(self, network: nn.Module) -> None:
        """Take the pairs out of a network: it is as it was."""
        for path in self._by_module():
            _replace(network, path, _adapted(network, path).base)

    @torch.no_grad()
    def merge(self, network: nn.Module) -> None:
        """Take the pairs out of a network and add them to its weights, in its own precision."""
        self.detach(network)
        for place in self.places:
            _change(network, place, self._pair(place).weight())

    @torch.no_grad()
    def unmerge(self, network: nn.Module) -> None:
        """Undo `merge`: the weights are as before, but for their rounding."""
        for place in self.places:
            _change(network, place, -self._pair(place).weight())
        self.attach(network)

    def _pair(self, place: Place) -> LowRank:
        pair = self.pairs[_key(place)]
        assert isinstance(pair, LowRank)
        return pair

    def _by_module(self) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = defaultdict(list)
        for place in sorted(self.places, key=lambda each: each.begin):
            found[place.module].append(place)
        return found


def _key(place: Place) -> str:
    return place.name.replace(".", "/")  # names of modules have no dots


def _base(network: nn.Module, path: str) -> nn.Module:
    """Return the map at a path; ModelError for one that is adapted, or has no weights to adapt."""
    try:
        base = network.get_submodule(path)
    except AttributeError as error:
        raise ModelError(
            f"this model has no layer {path}; take an adapter that was made of it"
        ) from error
    if isinstance(base, AdaptedLinear):
        raise ModelError(f"{path} has an adapter already; merge that or detach it first")
    if not isinstance(getattr(base, "weight", None), Tensor):
        raise ModelError(f"the weights of {path} are packed; load the model without weights=")
    return base


def _adapted(network: nn.Module, path: str) -> AdaptedLinear:
    found = network.get_submodule(path)
    if not isinstance(found, AdaptedLinear):
        raise ModelError(f"{path} has no adapter; attach it first")
    return found


def _weight(network: nn.Module, place: Place) -> Tensor:
    weight: Tensor = _base(network, place.module).weight  # type: ignore[assignment]
    return weight


def _change(network: nn.Module, place: Place, by: Tensor) -> None:
    rows = _weight(network, place)[place.begin : place.end]
    rows.copy_(rows.float() + by)


def _replace(network: nn.Module, path: str, by: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, by)
