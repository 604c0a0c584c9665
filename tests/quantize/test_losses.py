"""Losses of whole codebooks, and entries that move to vectors: scalar loops, and what they do."""

import math

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import (
    VQ,
    Apart,
    Balance,
    Cluster,
    Ema,
    Entropy,
    Gradient,
    KMeans,
    ResidualVQ,
)
from vocable.quantize.learn.entropy import SHARPNESS, code_entropies
from vocable.quantize.learn.losses import REACH, SPREAD, STEADY, Assigned, similarity


def latents(*shape: int, seed: int = 1, spread: float = 1.0) -> torch.Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def assigned(x: torch.Tensor, entries: torch.Tensor) -> Assigned:
    return Assigned(x, entries, x)


def entropy(chances: list[float]) -> float:
    return -sum(p * math.log(p) for p in chances if p > 0)


def test_entropy_and_balance_are_those_of_loops_over_scalars():
    x, entries = latents(2, 10, 3), latents(5, 3, seed=2)
    rows = []
    for vector in x.flatten(0, 1).tolist():
        far = [sum((a - b) ** 2 for a, b in zip(vector, e, strict=True)) for e in entries.tolist()]
        weights = [math.exp(-0.7 * (d - min(far))) for d in far]
        rows.append([w / sum(weights) for w in weights])
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    each = sum(map(entropy, rows)) / len(rows)
    found = [loss.of([assigned(x, entries)]) for loss in (Entropy(0.7), Balance(0.7))]
    assert float(found[0]) == pytest.approx(each - entropy(mean), abs=1e-5)
    assert float(found[1]) == pytest.approx(math.log(5) - entropy(mean), abs=1e-5)


def test_the_entropy_of_corners_is_that_of_lfq():
    x = latents(1, 50, 4, spread=0.01)
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4)
    wanted = code_entropies(x[0], 1.0)
    torch.testing.assert_close(Entropy(SHARPNESS).of([assigned(x, corners)]), wanted)


def test_vectors_that_are_none_count_in_no_entropy():
    x, entries = latents(1, 20, 3), latents(5, 3, seed=2)
    wanted = Entropy(1.0).of([assigned(x[:, :19], entries)])
    x[0, 19] = torch.nan
    torch.testing.assert_close(Entropy(1.0).of([assigned(x, entries)]), wanted)


def test_similarity_is_that_of_loops_over_scalars():
    a, b = latents(1, 4, 3, seed=3), latents(1, 4, 3, seed=4)
    weights = [math.exp(-(i**2) / (2 * SPREAD**2)) for i in range(-REACH, REACH + 1)]
    weights = [w / sum(weights) for w in weights]

    def blurred(picture: list[list[float]], row: int, column: int) -> float:
        return sum(
            weights[i - row + REACH] * weights[j - column + REACH] * picture[i][j]
            for i in range(4)
            for j in range(3)
        )

    def product(p: list[list[float]], q: list[list[float]]) -> list[list[float]]:
        return [[x * y for x, y in zip(r, s, strict=True)] for r, s in zip(p, q, strict=True)]

    p, q, total = a[0].tolist(), b[0].tolist(), 0.0
    for at in [(i, j) for i in range(4) for j in range(3)]:
        m, n = blurred(p, *at), blurred(q, *at)
        var, other = blurred(product(p, p), *at) - m * m, blurred(product(q, q), *at) - n * n
        both = blurred(product(p, q), *at) - m * n
        total += (2 * m * n + STEADY[0]) * (2 * both + STEADY[1]) / (
            (m * m + n * n + STEADY[0]) * (var + other + STEADY[1])
        )  # fmt: skip
    assert float(similarity(a, b)) == pytest.approx(total / 12, abs=1e-5)
    assert float(similarity(a, a)) == pytest.approx(1.0, abs=1e-5)


def test_apart_moves_entries_until_neighbours_differ():
    torch.manual_seed(0)
    quantizer = ResidualVQ(
        8, (16, 16), update=Gradient(), revival=None, initialise=None, losses=(Apart(),)
    ).train()
    with torch.no_grad():
        quantizer.stack[1].codebook.entries.copy_(quantizer.stack[0].codebook.entries)
    z, found = latents(4, 30, 8), []
    optimizer = torch.optim.Adam(quantizer.parameters(), lr=0.02)
    for _ in range(30):
        loss = quantizer(z).losses["apart"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    assert found[-1] < found[0] - 0.1


def test_balance_brings_vectors_to_all_entries():
    """From beside one entry of a ring, by the loss alone."""
    turns = torch.arange(8) * math.pi / 4
    entries = 0.3 * torch.stack([turns.cos(), turns.sin()], 1)
    x = entries[:1][None] + latents(1, 200, 2, spread=0.02)
    quantizer = VQ(2, 8, initialise=None, losses=(Balance(20.0),)).train()
    quantizer.stack[0].codebook.entries.copy_(entries)
    quantizer.freeze()
    used = []
    for _ in range(20):
        found = quantizer(x.requires_grad_())
        used.append(int((found.health.counts[0] > 0).sum()))
        (slope,) = torch.autograd.grad(found.losses["balance"], x)
        x = (x - 4.0 * slope).detach()
    assert used[0] == 1 and used[-1] == 8


def test_before_learning_has_started_losses_are_zero_and_drop_learning_removes_them():
    quantizer = VQ(3, 8, initialise=KMeans(4), losses=(Entropy(),)).train()
    assert float(quantizer(latents(1, 5, 3)).losses["entropy"]) == 0
    quantizer(latents(1, 40, 3))
    assert set(quantizer(latents(1, 5, 3)).losses) == {"commitment", "entropy"}
    quantizer.drop_learning()
    assert set(quantizer.eval()(latents(1, 5, 3)).losses) == {"commitment"}


def test_losses_of_entries_want_entries_that_learn():
    with pytest.raises(ModelError, match="the loss apart is of entries that learn by it; give upd"):
        ResidualVQ(4, (8, 8), losses=(Apart(),))


@pytest.mark.parametrize("update", [Ema(0.9), Gradient(0.9)])
def test_unused_entries_come_to_vectors_and_those_in_use_stay(update):
    torch.manual_seed(0)
    quantizer = VQ(2, 8, update=update, revival=Cluster(), initialise=None).train()
    book, learner = quantizer.stack[0].codebook, quantizer.stack[0].learner
    x = latents(1, 100, 2)
    quantizer.resume_learning(100)
    with torch.no_grad():
        book.entries[0] = 50.0  # where no vector is
        learner.counts[0] = 0.0
    before = book.entries.clone()
    quantizer(x)
    moved = book.entries[0].detach()
    assert (x[0] - moved).norm(dim=1).min() < 0.05 * 50  # exp(-0.001) of the way
    if isinstance(update, Gradient):
        assert torch.equal(book.entries[1:], before[1:])
    else:  # the next update keeps it: what is remembered is of the entry as it is now
        torch.testing.assert_close(learner.sums, book.entries * learner.counts[:, None])


def test_entries_go_the_published_way():
    """Towards one vector that is the same for all: exp(-10 · n · size / (1 - decay) - 0.001)."""
    learner = Gradient(0.99).make(4, 2)
    learner.counts.copy_(torch.tensor([0.0, 0.1, 0.5, 99.4]))
    entries, x = latents(4, 2), torch.ones(6, 2)
    share = torch.tensor([0.0, 0.001, 0.005, 0.994])
    way = torch.exp(-(share * 4 * 10) / (1 - 0.99) - 1e-3)[:, None]
    wanted = entries * (1 - way) + way
    Cluster().step(learner, entries, x)
    torch.testing.assert_close(entries, wanted)
    Cluster().step(learner, entries, torch.full((3, 2), torch.nan))
    torch.testing.assert_close(entries, wanted)


def test_cluster_draws_near_vectors_more_often():
    torch.manual_seed(0)
    learner = Ema().make(200, 1)
    entries = torch.zeros(200, 1)
    x = torch.tensor([[0.5], [0.5], [4.0]])
    Cluster().step(learner, entries, x)
    assert (entries < 1).all() and (entries > 0.49).all()
