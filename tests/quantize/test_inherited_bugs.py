"""Three bugs that quantizers inherit from one another, each with a twin that has it and is caught.

Revival undone by the next update; k-means statistics that shrink the entries; the straight-through
gradient leaking into the residual.
"""

from dataclasses import dataclass

import pytest
import torch

from vocable.quantize import Ema, Expire, KMeans, ResidualVQ
from vocable.quantize.learn.update import _EmaLearner


class ForgetfulLearner(_EmaLearner):
    """Revives entries but leaves what is remembered of them: encodec's `expire_codes_`."""

    @torch.no_grad()
    def set_entries(self, entries, where, vectors, count):
        if where.all():  # the start
            super().set_entries(entries, where, vectors, count)
        entries.copy_(torch.where(where[:, None], vectors, entries))


class MeanLearner(_EmaLearner):
    """Takes the centres for sums: encodec's k-means start."""

    @torch.no_grad()
    def set_entries(self, entries, where, vectors, count):
        super().set_entries(entries, where, vectors, count)
        self.sums.copy_(torch.where(where[:, None], vectors, self.sums))


@dataclass(frozen=True)
class TwinEma(Ema):
    learner: type = _EmaLearner

    def make(self, size, width):
        return self.learner(size, width, self.decay)


class LeakyRVQ(ResidualVQ):
    """Takes the residual from straight-through values: encodec issue 25."""

    def _quantize(self, z, codes):
        residual, steps, energy = z, [], []
        for level in self.stack:
            steps.append(level(residual))
            residual = residual - (residual + (steps[-1].value - residual).detach())
            energy.append(residual.detach().square().sum())
        return steps, torch.stack([energy[0], *energy])


def check_revival_lasts(update):
    """Let an entry die, be revived, and see whether one more update leaves it there."""
    torch.manual_seed(0)
    made = ResidualVQ(2, (2,), update=update, revival=Expire(below=0.5), initialise=None).train()
    entries = made.stack[0].codebook.entries
    entries.copy_(torch.tensor([[0.0, 0.0], [1000.0, 1000.0]]))
    made.resume_learning(per_step=8)
    batch = lambda: torch.randn(1, 8, 2)  # noqa: E731
    steps = 0
    while entries[1].norm() > 100:
        made(batch())
        steps += 1
        assert steps < 50, "the dead entry is never revived"
    made.stack[0].revival = None  # else it would only be revived again and again
    made(batch())
    assert entries[1].norm() < 10, "the revived entry is back where it was dead"


def check_kmeans_keeps_entries(update):
    """Start from clusters, and see whether the next step leaves the entries at them."""
    torch.manual_seed(0)
    made = ResidualVQ(4, (8,), update=update, initialise=KMeans(per_entry=16)).train()
    vectors = torch.randn(1, 128, 4) + 5.0
    made.start_learning(vectors[0], per_step=128)
    centres = made.stack[0].codebook.entries.clone()
    made(vectors)
    moved = (made.stack[0].codebook.entries - centres).norm(dim=1)
    assert (moved < 0.05 * centres.norm(dim=1)).all(), "the first update throws the entries away"


def check_every_level_commits(kind):
    """Compare the commitment's gradient with the mean of all levels' own."""
    torch.manual_seed(0)
    made = kind(4, (8, 8, 8), update=None).eval()
    z = torch.randn(2, 5, 4, requires_grad=True)
    found = made(z)
    found.losses["commitment"].backward()
    residuals = [z.detach() - made.decode(found.codes[:, :n]) for n in made.prefixes]
    expected = sum(2 * r / r.numel() for r in residuals) / len(residuals)
    assert torch.allclose(z.grad, expected, atol=1e-6), "levels after the first do not commit"


def test_a_revived_entry_stays_revived():
    check_revival_lasts(Ema(decay=0.9))
    with pytest.raises(AssertionError, match="back where it was dead"):
        check_revival_lasts(TwinEma(decay=0.9, learner=ForgetfulLearner))


def test_the_first_update_keeps_the_cluster_centres():
    check_kmeans_keeps_entries(Ema())
    with pytest.raises(AssertionError, match="throws the entries away"):
        check_kmeans_keeps_entries(TwinEma(learner=MeanLearner))


def test_every_levels_commitment_reaches_the_encoder():
    check_every_level_commits(ResidualVQ)
    with pytest.raises(AssertionError, match="do not commit"):
        check_every_level_commits(LeakyRVQ)


def test_counts_start_at_the_expected_so_that_disuse_is_seen_soon():
    """A count of 1 at the start, where 0.125 is the mean, hides a dead entry for over 200 steps."""
    made = ResidualVQ(4, (64,), update=Ema(0.99)).train()
    made.start_learning(torch.randn(1024, 4), per_step=8)
    assert torch.allclose(made.stack[0].learner.counts, torch.full((64,), 8 / 64))
