"""Residual vector quantization.

"SoundStream: An End-to-End Neural Audio Codec" (Zeghidour et al. 2021). Each level quantizes what
the levels before it left over. Levels may have strides: one token for the mean of so many frames,
as in "SNAC: Multi-Scale Neural Audio Codec" (Siuzdak et al. 2024).

What other implementations get wrong and this one does not: the residual is taken from detached
values, so that every level's commitment reaches the encoder (encodec issue 25); revived and k-means
entries get statistics that agree with them, so that the next update keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.settings import exporting
from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.beam import search_paths
from vocable.quantize.codebook import Parametrisation, Plain
from vocable.quantize.dropout import drawn_levels
from vocable.quantize.health import energy_of, usable
from vocable.quantize.learn.estimator import Estimator, straight_through
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.losses import CodebookLoss
from vocable.quantize.learn.replicas import from_first_replica, gather_rows, replicas
from vocable.quantize.learn.revival import Expire, Revival
from vocable.quantize.learn.update import Ema, Update
from vocable.quantize.level import CodebookLevel, LevelStep
from vocable.quantize.precision import full_precision
from vocable.quantize.ties import tie_distance
from vocable.quantize.total import total

TILE = 1 << 19  # values of latents that pass all levels before the next, in the cache: 2 MiB


class ResidualVQ(Quantizer):
    """Quantize a latent by a sum of codebook entries, one of each level.

    ``codebook``, ``update``, ``revival``, ``estimator`` and ``initialise`` are the learning aids;
    with ``update=None`` the codebooks are frozen, with ``initialise=None`` learning starts from the
    entries as they are. ``losses``: more of them than nearness. ``dropout`` is the share of items
    that use a random number of levels in training, drawn evenly from ``prefixes`` (default: every
    number). ``strides``: frames that a token of each level lasts (default: 1 each).

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``, since the search is
    greedy; decoding is the sum over rows, level 0 first; ``decode(encode(z)) == forward(z).z`` in
    evaluation: both but where `beam` is more than 1. ``encode(decode(codes)) == codes`` does not
    hold. Everything is computed in fp32.
    """

    stack: Sequence[CodebookLevel]
    waiting: Tensor | None

    def __init__(
        self,
        dim: int,
        sizes: Sequence[int],
        *,
        codebook: Parametrisation = Plain(),  # noqa: B008 - frozen values
        update: Update | None = Ema(),  # noqa: B008
        revival: Revival | None = Expire(),  # noqa: B008
        estimator: Estimator = straight_through,
        initialise: KMeans | None = KMeans(),  # noqa: B008
        losses: Sequence[CodebookLoss] = (),
        dropout: float = 0.0,
        prefixes: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.dim, self.levels = dim, tuple(sizes)
        self.prefixes = tuple(prefixes or range(1, len(self.levels) + 1))
        self.strides = tuple(strides or (1,) * len(self.levels))
        _check(self.levels, self.prefixes, self.strides, dropout)
        self.uniform = max(self.strides) == 1
        self.dropout, self.estimator = dropout, estimator
        self._beam = 1
        aids = (codebook, update, revival, estimator)
        sized = zip(self.levels, self.strides, strict=True)
        self.stack = nn.ModuleList(  # type: ignore[assignment]
            CodebookLevel(dim, size, *aids, stride=stride) for size, stride in sized
        )
        self.initialise, self.losses = initialise, tuple(losses)
        for loss in self.losses:
            if loss.of_entries and not self.stack[0].learned:
                raise ModelError(
                    f"the loss {loss.name} is of entries that learn by it; give update=Gradient()"
                )
        # Latents that wait for the k-means, [rows, dim]; one-dimensional once it is done: so it is
        # in the checkpoint, and asking for it never waits for the device.
        waiting = None if update is None else torch.zeros(0, dim, dtype=torch.float32)
        self.register_buffer("waiting", waiting)

    @property
    def beam(self) -> int:
        """How many sums `encode` keeps after each level; 1: the nearest entry of each (greedy).

        With more it finds codes whose sum lies nearer to the latent, never farther. They decode as
        others do, but are for as many levels as are asked for: fewer of them are not what encoding
        with fewer gives. `forward` stays greedy.
        """
        return self._beam

    @beam.setter
    def beam(self, paths: int) -> None:
        if not isinstance(paths, int) or paths < 1:
            raise ModelError(f"beam is {paths}; give 1 for greedy search, or more paths")
        if paths > 1 and not self.uniform:
            raise ModelError(
                f"beam is {paths} but levels have strides {self.strides}; only levels of one rate "
                "are searched along several paths, so leave it at 1"
            )
        self._beam = paths

    def encode(self, z: Float[Tensor, "batch frames dim"], levels: int | None = None) -> LevelCodes:
        wanted = self.wanted_levels(levels)
        self._check_frames(z.shape[1])
        with torch.no_grad(), full_precision(z.device.type):
            search = self._search if self.beam == 1 else self._search_paths
            found = [search(tile, wanted) for tile in self._tiles(z.float())]
            if len(found) == 1:
                return self._joined(found[0])
            return self._joined([torch.cat(level, 1) for level in zip(*found, strict=True)])

    def _tiles(self, z: Tensor) -> Sequence[Tensor]:
        """Return latents in whole tokens of all levels, as many as stay in the cache together."""
        if exporting():  # a graph takes any number of frames
            return (z,)
        step = math.lcm(*self.strides)
        frames = TILE // (max(1, z.shape[0]) * self.dim)
        return torch.split(z, max(step, frames // step * step), 1)

    def _search(self, residual: Tensor, levels: int) -> list[Tensor]:
        """Return the codes of all levels, each `[batch, tokens]`."""
        stack = list(self.stack)[:levels]  # a slice of it would be made as a module
        codes = [stack[0].encode(residual)]
        for before, level in pairwise(stack):
            residual = residual - before.decode(codes[-1])
            codes.append(level.encode(residual))
        return codes

    def _search_paths(self, z: Tensor, levels: int) -> list[Tensor]:
        """Return the codes of the best path, of the greedy one where no other is better."""
        if exporting():
            raise ModelError(f"beam is {self.beam} but a graph searches greedily; set it to 1")
        greedy = torch.stack(self._search(z, levels))
        tables = [level.codebook.beam_table() for level in list(self.stack)[:levels]]
        found = search_paths(z.flatten(0, 1), tables, self.beam).view_as(greedy)
        better = self._error(z, found) < self._error(z, greedy)
        return list(torch.where(better, found, greedy))

    def _error(self, z: Tensor, codes: Tensor) -> Tensor:
        return (z - self.decode_checked(list(codes))).double().square().sum(-1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        return self.decode_checked(codes)

    def decode_checked(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        """Decode codes that a quantizer around this one has checked with its own."""
        rows = as_levels(codes)
        with full_precision(rows[0].device.type):
            pairs = zip(self.stack, rows, strict=False)
            return total([_value_if_given(level, row) for level, row in pairs])

    def forward(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: Sequence[Tensor] | None = None,
        use: Bool[Tensor, "levels batch"] | None = None,
    ) -> Quantized:
        """Quantize ``z`` with gradient, and learn from it in training mode.

        codes, use: what a quantizer around this one has found, and drawn, for all its parts.
        """
        self._check_frames(z.shape[1])
        with full_precision(z.device.type):
            z = z.float()
            if self._learns and self._still_waiting(z.detach()):
                return self._unquantized(z)
            steps, energy = self._quantize(z, codes)
            use = self.drawn_levels(z) if use is None else use
            summed = total([_masked(s.value, u) for s, u in zip(steps, use, strict=True)])
            # Projected levels have estimators inside, so that the encoder's gradient goes the way
            # of what is decoded: what no level sees would grow without bound otherwise.
            projected = self.stack[0].codebook.projected
            out, first = (
                value if projected else self.estimator(z, value.detach())
                for value in (summed, steps[0].value)
            )
            rows = [step.codes for step in steps]
            health = Health(tuple(step.counts for step in steps), energy, _count_unusable(z))
            losses = _mean_losses(steps, use) | self._more_losses(steps)
            return Quantized(out, self._joined(rows), losses, health, first)

    @property
    def _learns(self) -> bool:
        """Whether training changes the codebooks: not where it is frozen."""
        return bool(self.stack[0].training)

    @property
    def learning_started(self) -> bool:
        """Whether the codebooks are in use; before, training's `forward` returns ``z`` as it is."""
        return self.waiting is None or self.waiting.dim() == 1

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Set each level by k-means over ``latents``; a training step brings ``per_step``."""
        residual = self._usable_steps(latents.float())
        for level in self.stack:
            level.start_learning(residual, self.initialise or KMeans(), per_step)
            for tensor in level.state_dict(keep_vars=True).values():
                from_first_replica(tensor.data)
            residual = residual - level.decode(level.encode(residual[None]))[0]
        self.waiting = residual.new_zeros(0)

    @torch.no_grad()
    def resume_learning(self, per_step: int | None = None) -> None:
        """Go on from the entries as they are: random ones, or released weights to train further."""
        self.initialise = None
        if per_step is None:
            return  # the first step says it
        for level in self.stack:
            level.resume_learning(per_step)
        self.waiting = self.stack[0].codebook.entries.new_zeros(0)

    def drop_learning(self) -> None:
        """Remove all that only training needs, so that `state_dict` is what inference needs."""
        self.waiting = self.initialise = None
        self.losses = ()
        for level in self.stack:
            level.learner = level.revival = None

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the distance from a tie of the first level that differs, 0 where none does.

        The levels after it are not compared: they quantize another residual.
        """
        z, other_z = z.double(), other_z.double()
        found = torch.zeros(z.shape[:2], dtype=torch.float64, device=z.device)
        agree = torch.ones(z.shape[:2], dtype=torch.bool, device=z.device)
        pairs = zip(as_levels(codes), as_levels(other), strict=True)
        for level, (a, b) in zip(self.stack, pairs, strict=False):
            book = level.codebook
            query, moved = (book.key(level.query(x.float())) for x in (z, other_z))
            chosen, instead = (book.key(book.entries[c]) for c in (a, b))
            distance = tie_distance(query, moved, chosen, instead).masked_fill(a == b, 0.0)
            distance, same = (x.repeat_interleave(level.stride, 1) for x in (distance, a == b))
            found = torch.where(agree, distance, found)
            agree = agree & same
            step = level.decode(a).double()
            z, other_z = z - step, other_z - step
        return found

    def _more_losses(self, steps: list[LevelStep]) -> dict[str, Tensor]:
        """Return the losses of whole codebooks, all levels in use."""
        if not self.losses:
            return {}
        pairs = zip(self.stack, steps, strict=True)
        levels = [level.assigned(step) for level, step in pairs]
        return {loss.name: loss.of(levels) for loss in self.losses}

    def _joined(self, codes: list[Tensor]) -> LevelCodes:
        return torch.stack(codes, dim=1) if self.uniform else tuple(codes)

    def _check_frames(self, frames: int) -> None:
        if not self.uniform and frames % math.lcm(*self.strides):
            raise ModelError(
                f"latents have {frames} frames but levels of strides {self.strides} need a "
                f"multiple of {math.lcm(*self.strides)}; pad the audio"
            )

    def drawn_levels(self, z: Float[Tensor, "batch frames dim"]) -> Bool[Tensor, "levels batch"]:
        """Return which items use which levels: in training a share of them a drawn number."""
        share = self.dropout if self.training else 0.0
        return drawn_levels(z.shape[0], len(self.levels), self.prefixes, share, z.device)

    def _quantize(
        self, z: Tensor, codes: Sequence[Tensor] | None
    ) -> tuple[list[LevelStep], Tensor]:
        residual, steps = z, []
        energy = [energy_of(z)]
        for number, level in enumerate(self.stack):
            steps.append(level(residual, None if codes is None else codes[number]))
            residual = residual - steps[-1].value.detach()
            energy.append(energy_of(residual))
        return steps, torch.stack(energy)

    def _still_waiting(self, z: Tensor) -> bool:
        """Add ``z`` to what waits for the k-means; run it once it is enough, else return True."""
        if self.waiting is None or self.waiting.dim() == 1:
            return False
        per_step = z.shape[0] * z.shape[1] * replicas()
        if self.initialise is None:
            self.resume_learning(per_step)
            return False
        rows = gather_rows(z.flatten(0, 1))
        self.waiting = torch.cat([self.waiting, self._usable_steps(rows)])
        needed = max(n * s for n, s in zip(self.levels, self.strides, strict=True))
        if len(self.waiting) < self.initialise.per_entry * needed:
            return True
        self.start_learning(self.waiting, per_step)
        return False

    def _usable_steps(self, rows: Tensor) -> Tensor:
        """Return the rows without the steps of all levels that hold a NaN or infinity."""
        step = math.lcm(*self.strides)
        steps = rows[: len(rows) // step * step].reshape(-1, step, rows.shape[1])
        found: Tensor = steps[usable(steps).all(1)].flatten(0, 1)
        return found

    def _unquantized(self, z: Tensor) -> Quantized:
        """Return ``z`` as it is: before the k-means there is nothing to quantize it with."""
        tokens = (z.shape[1] // stride for stride in self.strides)
        codes = [z.new_zeros(z.shape[0], count, dtype=torch.int64) for count in tokens]
        # A zero that every weight is part of: distributed training waits for all their gradients.
        zero = z.new_zeros(()) + sum(weights.sum() * 0 for weights in self.parameters())
        names = ["commitment", *(["codebook"] if self.stack[0].learned else [])]
        names += [loss.name for loss in self.losses]
        none = tuple(z.new_zeros(size) for size in self.levels)
        energy = energy_of(z).repeat(len(self.levels) + 1)
        health = Health(none, energy, _count_unusable(z))
        return Quantized(z, self._joined(codes), dict.fromkeys(names, zero), health, z)

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, *args: object
    ) -> None:
        saved = state_dict.get(prefix + "waiting")
        if saved is not None and self.waiting is not None:
            self.waiting = self.waiting.new_zeros(saved.shape)  # it has as many rows as came so far
        super()._load_from_state_dict(state_dict, prefix, *args)


def _value_if_given(level: CodebookLevel, codes: Tensor) -> Tensor:
    """Return what codes stand for; in a graph, which takes all levels, -1 stands for nothing."""
    if not exporting():
        return level.decode(codes)
    given = codes.repeat_interleave(level.stride, 1) >= 0 if level.stride > 1 else codes >= 0
    return torch.where(given[..., None], level.decode(codes.clamp(min=0)), 0.0)


def _masked(value: Tensor, use: Tensor) -> Tensor:
    return torch.where(use[:, None, None], value, 0.0)


def _count_unusable(z: Tensor) -> Tensor:
    return (~usable(z)).sum()


def _mean_losses(steps: list[LevelStep], use: Tensor) -> dict[str, Tensor]:
    """Return each loss as the mean over all levels that all items use."""
    names = steps[0].losses
    stacked = {name: torch.stack([step.losses[name] for step in steps]) for name in names}
    return {name: (loss * use).sum() / use.sum() for name, loss in stacked.items()}


def _check(
    sizes: tuple[int, ...], prefixes: tuple[int, ...], strides: tuple[int, ...], dropout: float
) -> None:
    if not sizes or min(sizes) < 1:
        raise ModelError(f"sizes are {sizes}; give each level a codebook of at least one entry")
    if list(prefixes) != sorted(set(prefixes)) or prefixes[0] < 1 or prefixes[-1] != len(sizes):
        raise ModelError(f"prefixes are {prefixes}; give them rising, from 1 up to {len(sizes)}")
    if len(strides) != len(sizes) or min(strides) < 1:
        raise ModelError(
            f"strides are {strides}; give each of {len(sizes)} levels one of 1 or more"
        )
    if not 0 <= dropout <= 1:
        raise ModelError(f"dropout is {dropout}; give a share of items from 0 to 1")
