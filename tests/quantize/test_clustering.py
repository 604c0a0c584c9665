"""k-means finds what scikit-learn finds, repeats itself, and leaves no centre without rows."""

import numpy as np
import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize.learn.clustering import cluster
from vocable.quantize.learn.lloyd import lloyd
from vocable.quantize.learn.minibatch import mini_batches
from vocable.quantize.learn.seeding import spread_out


def speech_like(rows: int, width: int = 24, seed: int = 0) -> torch.Tensor:
    """Rows of 30 kinds that blend into one another, in a few dimensions and a little noise."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.randn(30, 8, generator=generator)
    path = kinds[torch.randint(30, (rows // 6,), generator=generator)].repeat_interleave(6, 0)
    path = torch.nn.functional.avg_pool1d(path.T[None], 5, 1, 2)[0].T
    turn = torch.randn(8, width, generator=generator)
    return path @ turn + 0.3 * torch.randn(len(path), width, generator=generator)


def inertia_of(x: torch.Tensor, centres: torch.Tensor) -> float:
    return float(torch.cdist(x.double(), centres.double()).amin(1).square().sum())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [2, 20, 100])
def test_clusters_are_as_tight_as_scikit_learns(size, seed):
    peers = pytest.importorskip("sklearn.cluster")
    x = speech_like(6000)
    peer = peers.KMeans(size, n_init=1, random_state=seed).fit(x.numpy())
    assert cluster(x, size, seed=seed).inertia <= 1.01 * peer.inertia_


def test_the_result_is_told_as_it_is():
    x = speech_like(3000)
    found = cluster(x, 40, seed=3)
    codes = torch.cdist(x.double(), found.centres.double()).argmin(1)
    assert found.inertia == pytest.approx(inertia_of(x, found.centres), rel=1e-5)
    assert torch.equal(found.counts, torch.bincount(codes, minlength=40))
    assert found.counts.min() > 0 and 1 <= found.iterations <= 20
    assert found.centres.dtype == torch.float32


def test_a_seed_gives_the_same_centres_whatever_was_drawn_before():
    x = speech_like(2000)
    first = cluster(x, 16, seed=5)
    torch.manual_seed(99)
    assert torch.equal(cluster(x, 16, seed=5).centres, first.centres)
    assert not torch.equal(cluster(x, 16, seed=6).centres, first.centres)


def test_seeds_leave_the_global_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    cluster(speech_like(600), 8)
    assert torch.equal(torch.rand(3), expected)


def test_rows_in_half_precision_are_summed_in_double():
    """100 000 rows beyond 2**11, where float16 has no odd numbers and float32 sums stand still."""
    x = torch.tensor([[2050.0], [2054.0]], dtype=torch.float16).repeat(50_000, 1)
    assert lloyd(x, torch.tensor([[2000.0]]), 1).centres.tolist() == [[2052.0]]


@pytest.mark.parametrize("empties", [1, 3])
def test_a_centre_without_rows_splits_the_largest_group(empties):
    groups = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    sizes = torch.tensor([400, 300, 200])
    generator = torch.Generator().manual_seed(0)
    x = groups.repeat_interleave(sizes, 0) + torch.randn(900, 2, generator=generator)
    far = torch.full((empties, 2), 1e3)
    found = lloyd(x, torch.cat([groups, far]), 1, generator=generator)
    owners = torch.cdist(found.centres[3:], groups).argmin(1)
    assert owners.tolist() == [0, 1, 2][:empties] and found.counts.min() > 0


def test_more_centres_than_different_rows_stay_among_the_rows():
    x = torch.tensor([[9.0], [11.0]]).repeat(20, 1)
    found = cluster(x, 8)
    assert set(found.centres[:, 0].tolist()) == {9.0, 11.0}
    assert found.inertia == pytest.approx(0, abs=1e-6) and int(found.counts.sum()) == 40


@pytest.mark.parametrize("width", [1, 300], ids=["narrow", "so wide that rows are projected"])
def test_first_centres_are_rows_and_reach_every_far_group(width):
    generator = torch.Generator().manual_seed(0)
    groups = 100 * torch.randn(12, width, generator=generator)
    x = groups.repeat(50, 1) + torch.randn(600, width, generator=generator)
    found = spread_out(x, 12, generator)
    assert (found[:, None] == x).all(2).any(1).all()
    assert sorted(torch.cdist(found, groups).argmin(1).tolist()) == list(range(12))


def test_one_batch_of_all_rows_is_one_iteration():
    x = speech_like(900)
    start = x[:7]
    torch.testing.assert_close(
        mini_batches(x, start, batch=900), lloyd(x, start, 1).centres, rtol=1e-5, atol=1e-5
    )


def test_batches_bring_centres_nearer_and_lose_none():
    x = speech_like(6000)
    start = torch.cat([x[:30], torch.full((1, 24), 1e3)])
    found = mini_batches(x, start, batch=300, generator=torch.Generator().manual_seed(0))
    assert inertia_of(x, found) < 0.9 * inertia_of(x, start)
    assert torch.equal(found[30], start[30])


def test_iterations_end_when_nothing_changes():
    x = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    found = lloyd(x, torch.tensor([[0.0], [10.0]]), 100)
    assert found.centres.tolist() == [[0.5], [10.5]] and found.iterations == 1
    assert found.inertia == pytest.approx(1.0)


def test_too_few_rows_are_refused():
    with pytest.raises(ModelError, match="9 centres need as many rows or more, got 5"):
        cluster(torch.zeros(5, 2), 9)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_refused(bad):
    x = speech_like(600)
    x[7, 1] = bad
    with pytest.raises(ModelError, match="1 of 600 rows are NaN or infinite"):
        cluster(x, 4)
