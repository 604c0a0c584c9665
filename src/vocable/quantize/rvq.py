"""Residual vector quantization.

"SoundStream: An End-to-End Neural Audio Codec" (Zeghidour et al. 2021). Each level quantizes what
the levels before it left over. What other implementations get wrong and this one does not: the
residual is taken from detached values, so that every level's commitment reaches the encoder
(encodec issue 25); revived and k-means entries get statistics that agree with them, so that the
next update keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import Health, Quantized, Quantizer
from vocable.quantize.codebook import Parametrisation, Plain
from vocable.quantize.learn.estimator import Estimator, straight_through
from vocable.quantize.learn.replicas import from_first_replica, gather_rows, replicas
from vocable.quantize.learn.revival import Expire, Revival
from vocable.quantize.learn.start import KMeans
from vocable.quantize.learn.update import Ema, Update
from vocable.quantize.level import Level, LevelStep
from vocable.quantize.precision import full_precision


class ResidualVQ(Quantizer):
    """Quantize a latent by a sum of codebook entries, one of each level.

    ``codebook``, ``update``, ``revival``, ``estimator`` and ``start`` are the learning aids; with
    ``update=None`` the codebooks are frozen, with ``start=None`` learning starts from the entries
    as they are. ``dropout`` is the share of items that use a random number of levels in training,
    drawn evenly from ``prefixes`` (default: every number).

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``, since the search is
    greedy; decoding is the sum over rows, level 0 first; ``decode(encode(z)) == forward(z).z`` in
    evaluation. ``encode(decode(codes)) == codes`` does not hold. Everything is computed in fp32.
    """

    stack: Sequence[Level]
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
        start: KMeans | None = KMeans(),  # noqa: B008
        dropout: float = 0.0,
        prefixes: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.dim, self.levels = dim, tuple(sizes)
        self.prefixes = tuple(prefixes or range(1, len(self.levels) + 1))
        _check(self.levels, self.prefixes, dropout)
        self.dropout, self.estimator = dropout, estimator
        aids = (codebook, update, revival, estimator)
        self.stack = nn.ModuleList(Level(dim, size, *aids) for size in self.levels)  # type: ignore[assignment]
        self.start_from = start
        # Latents waiting for the start, [rows, dim]; one-dimensional once it is done: so it is in
        # the checkpoint, and asking for it never waits for the device.
        self.register_buffer("waiting", None if update is None else torch.zeros(0, dim))

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with torch.no_grad(), full_precision(z.device.type):
            residual, codes = z.float(), []
            for level in self.stack[:wanted]:
                codes.append(level.encode(residual))
                residual = residual - level.decode(codes[-1])
            return torch.stack(codes, dim=1)

    def decode(
        self, codes: Int[Tensor, "batch levels frames"]
    ) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        return self.decode_checked(codes)

    def decode_checked(
        self, codes: Int[Tensor, "batch levels frames"]
    ) -> Float[Tensor, "batch frames dim"]:
        """Decode codes that a quantizer around this one has checked with its own."""
        with full_precision(codes.device.type):
            used = self.stack[: codes.shape[1]]
            return _total([level.decode(codes[:, i]) for i, level in enumerate(used)])

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            z = z.float()
            if self.training and self._still_waiting(z.detach()):
                return self._unquantized(z)
            steps, energy = self._quantize(z)
            use = self._use(z.shape[0], z.device)
            total = _total([_masked(s.value, u) for s, u in zip(steps, use, strict=True)])
            # The estimator gives the encoder its gradient; `total` has that of the projections.
            out = self.estimator(z, total.detach()) + (total - total.detach())
            codes = torch.stack([step.codes for step in steps], dim=1)
            health = replace(Health.of(codes, self.levels), energy=energy)
            return Quantized(out, codes, _mean_losses(steps, use), health)

    @property
    def started(self) -> bool:
        """Whether the codebooks are in use; before, training's `forward` returns ``z`` as it is."""
        return self.waiting is None or self.waiting.dim() == 1

    @torch.no_grad()
    def start(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Start each level by k-means over ``latents``; a training step brings ``per_step``."""
        residual = latents.float()
        for level in self.stack:
            level.start(residual, self.start_from or KMeans(), per_step)
            for tensor in level.state_dict(keep_vars=True).values():
                from_first_replica(tensor.data)
            residual = residual - level.decode(level.encode(residual[None])[0])
        self.waiting = residual.new_zeros(0)

    @torch.no_grad()
    def start_here(self, per_step: int) -> None:
        """Start from the entries as they are: random ones, or released weights to train further."""
        for level in self.stack:
            level.start_here(per_step)
        self.waiting = torch.zeros(0, device=self.stack[0].codebook.entries.device)

    def drop_learning(self) -> ResidualVQ:
        """Remove all that only training needs, so that `state_dict` is what inference needs."""
        self.waiting = self.start_from = None
        for level in self.stack:
            level.learner = level.revival = None
        return self

    def _quantize(self, z: Tensor) -> tuple[list[LevelStep], Tensor]:
        residual, steps = z, []
        energy = [_energy(z)]
        for level in self.stack:
            steps.append(level(residual))
            residual = residual - steps[-1].value.detach()
            energy.append(_energy(residual))
        return steps, torch.stack(energy)

    def _use(self, batch: int, device: torch.device) -> Tensor:
        """Return which items use which levels, `[levels, batch]`."""
        used = torch.full((batch,), len(self.levels), device=device)
        if self.training and self.dropout > 0:
            choices = torch.tensor(self.prefixes, device=device)
            drawn = choices[torch.randint(len(choices), (batch,), device=device)]
            used = torch.where(torch.rand(batch, device=device) < self.dropout, drawn, used)
        return torch.arange(len(self.levels), device=device)[:, None] < used

    def _still_waiting(self, z: Tensor) -> bool:
        """Add ``z`` to what waits for the start; start once it is enough, else return True."""
        if self.waiting is None or self.waiting.dim() == 1:
            return False
        per_step = z.shape[0] * z.shape[1] * replicas()
        if self.start_from is None:
            self.start_here(per_step)
            return False
        self.waiting = torch.cat([self.waiting, gather_rows(z.flatten(0, 1))])
        if len(self.waiting) < self.start_from.per_entry * max(self.levels):
            return True
        self.start(self.waiting, per_step)
        return False

    def _unquantized(self, z: Tensor) -> Quantized:
        """Return ``z`` as it is: before the start there is nothing to quantize it with."""
        codes = z.new_zeros(z.shape[0], len(self.levels), z.shape[1], dtype=torch.int64)
        # A zero that every weight is part of: distributed training waits for all their gradients.
        zero = z.new_zeros(()) + sum(weights.sum() * 0 for weights in self.parameters())
        names = ("commitment", "codebook") if self.stack[0].learned else ("commitment",)
        none = tuple(z.new_zeros(size) for size in self.levels)
        health = Health(none, _energy(z).repeat(len(self.levels) + 1))
        return Quantized(z, codes, dict.fromkeys(names, zero), health)

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, *args: object
    ) -> None:
        saved = state_dict.get(prefix + "waiting")
        if saved is not None and self.waiting is not None:
            self.waiting = self.waiting.new_zeros(saved.shape)  # it has as many rows as came so far
        super()._load_from_state_dict(state_dict, prefix, *args)


def _total(values: list[Tensor]) -> Tensor:
    """Return the sum, level 0 first: the order decides the last bit, so all paths share it."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _masked(value: Tensor, use: Tensor) -> Tensor:
    return torch.where(use[:, None, None], value, 0.0)


def _energy(x: Tensor) -> Tensor:
    return x.detach().double().square().sum()


def _mean_losses(steps: list[LevelStep], use: Tensor) -> dict[str, Tensor]:
    """Return each loss as the mean over all levels that all items use."""
    names = steps[0].losses
    stacked = {name: torch.stack([step.losses[name] for step in steps]) for name in names}
    return {name: (loss * use).sum() / use.sum() for name, loss in stacked.items()}


def _check(sizes: tuple[int, ...], prefixes: tuple[int, ...], dropout: float) -> None:
    if not sizes or min(sizes) < 1:
        raise ModelError(f"sizes are {sizes}; give each level a codebook of at least one entry")
    if list(prefixes) != sorted(set(prefixes)) or prefixes[0] < 1 or prefixes[-1] != len(sizes):
        raise ModelError(f"prefixes are {prefixes}; give them rising, from 1 up to {len(sizes)}")
    if not 0 <= dropout <= 1:
        raise ModelError(f"dropout is {dropout}; give a share of items from 0 to 1")
