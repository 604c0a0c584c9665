"""Codebooks follow their vectors as the formulas say."""

import pytest
import torch

from vocable.quantize import Ema, Expire, Gradient, Health, KMeans, Normalised, ResidualVQ


def settled(**options):
    """A quantizer started at two known entries, each as if chosen once a step."""
    made = ResidualVQ(2, (2,), revival=None, initialise=None, **options).train()
    made.stack[0].codebook.entries.data.copy_(torch.tensor([[0.0, 0.0], [10.0, 0.0]]))
    made.resume_learning(per_step=2)
    return made


def test_ema_is_what_the_formula_gives_by_hand():
    made = settled(update=Ema(decay=0.9))
    # Entry 0 is chosen by (1, 0), (1, 2) and (2, 0); entry 1 by (9, 1).
    made(torch.tensor([[[1.0, 0.0], [1.0, 2.0], [9.0, 1.0], [2.0, 0.0]]]))
    learner = made.stack[0].learner
    assert torch.allclose(learner.counts, torch.tensor([0.9 + 0.1 * 3, 0.9 + 0.1 * 1]))
    sums = torch.tensor([[0.1 * 4, 0.1 * 2], [9.0 + 0.1 * 9, 0.1 * 1]])
    assert torch.allclose(learner.sums, sums)
    assert torch.allclose(made.stack[0].codebook.entries, sums / learner.counts[:, None])


def test_an_entry_that_nothing_chooses_stays_where_it_is():
    made = settled(update=Ema(decay=0.5))
    for _ in range(400):  # 0.5 ** 400 is far below what a float32 holds
        made(torch.zeros(1, 4, 2))
    assert torch.equal(made.stack[0].codebook.entries, torch.tensor([[0.0, 0.0], [10.0, 0.0]]))


def test_the_step_that_learns_returns_what_was_searched():
    made = settled(update=Ema(decay=0.5))
    found = made(torch.tensor([[[1.0, 0.0], [9.0, 0.0]]]))
    assert torch.equal(found.z, torch.tensor([[[0.0, 0.0], [10.0, 0.0]]]))
    assert not torch.equal(made.decode(found.codes), found.z)


def test_evaluation_learns_nothing():
    made = settled(update=Ema()).eval()
    before = {key: value.clone() for key, value in made.state_dict().items()}
    made(torch.randn(2, 5, 2))
    assert all(torch.equal(before[key], value) for key, value in made.state_dict().items())


def test_losses_are_means_over_the_levels():
    made = ResidualVQ(4, (8, 8), update=Gradient()).eval()
    z = torch.randn(2, 5, 4)
    found = made(z)
    first = z - made.decode(found.codes[:, :1])
    second = z - made.decode(found.codes)
    expected = (first.square().mean() + second.square().mean()) / 2
    assert set(found.losses) == {"commitment", "codebook"}
    for loss in found.losses.values():
        assert torch.allclose(loss, expected)


def test_learned_entries_move_by_the_codebook_loss_alone():
    made = settled(update=Gradient())
    z = torch.tensor([[[1.0, 0.0], [9.0, 2.0]]], requires_grad=True)
    found = made(z)
    entries = made.stack[0].codebook.entries
    (found.z.sum() + found.losses["commitment"]).backward(retain_graph=True)
    assert entries.grad is None or not entries.grad.any()
    found.losses["codebook"].backward()
    # The mean of four squares: half of (entry - vector) for each entry.
    assert torch.allclose(entries.grad, torch.tensor([[-0.5, 0.0], [0.5, -1.0]]))


def test_projections_learn_from_what_the_decoder_hears():
    made = ResidualVQ(6, (8, 8), codebook=Normalised(3), update=Gradient()).eval()
    z = torch.randn(2, 5, 6, requires_grad=True)
    found = made(z)
    weights = torch.randn_like(found.z)
    (found.z * weights).sum().backward()
    ways = [level.codebook.up.weight @ level.codebook.down.weight for level in made.stack]
    wanted = sum(weights @ way for way in ways).detach()
    torch.testing.assert_close(z.grad, wanted)  # only what the projections let through is decoded
    for level in made.stack:
        assert level.codebook.down.weight.grad.abs().sum() > 0
        assert level.codebook.up.weight.grad.abs().sum() > 0


def test_normalised_search_is_by_angle_and_decodes_the_entry_as_it_is():
    made = ResidualVQ(2, (2,), codebook=Normalised(2), update=None).eval()
    codebook = made.stack[0].codebook
    with torch.no_grad():
        for part in (codebook.down, codebook.up):
            part.weight.copy_(torch.eye(2))
            part.bias.zero_()
        codebook.entries.copy_(torch.tensor([[1.0, 0.0], [0.0, 9.0]]))
    z = torch.tensor([[[0.0, 0.1], [100.0, 1.0]]])
    codes = made.encode(z)  # (0, 0.1) is nearer to (1, 0) than to (0, 9), but not by angle
    assert codes.tolist() == [[[1, 0]]]
    assert torch.equal(made.decode(codes), torch.tensor([[[0.0, 9.0], [1.0, 0.0]]]))


def test_the_start_waits_for_enough_vectors_and_takes_cluster_centres():
    torch.manual_seed(0)
    made = ResidualVQ(2, (4,), initialise=KMeans(per_entry=10), revival=None).train()
    corners = torch.tensor([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])
    draw = lambda: corners.repeat(4, 1)[None] + torch.randn(1, 16, 2) * 0.1  # noqa: E731
    for _ in range(2):
        z = draw()
        found = made(z)
        assert not made.learning_started
        assert torch.equal(found.z, z), "before the start the latent passes"
        assert float(found.losses["commitment"]) == 0 and not found.health.counts[0].any()
    made(draw())
    assert made.learning_started
    counts = made.stack[0].learner.counts
    assert torch.allclose(counts.sum(), torch.tensor(16.0)), "as many as a step has frames"
    entries = made.stack[0].codebook.entries
    nearest = (entries[None] - corners[:, None]).norm(dim=2).min(dim=1).values
    assert (nearest < 0.3).sum() >= 3, "Lloyd's iterations may merge two clusters, not more"


def test_dead_entries_come_back_until_all_are_used():
    torch.manual_seed(0)
    made = ResidualVQ(4, (64,), update=Ema(0.9), revival=Expire(below=0.1), initialise=None).train()
    made.stack[0].codebook.entries[8:] += 1000.0  # nothing will ever choose these
    health = None
    for step in range(150):
        found = made(torch.randn(4, 32, 4))
        if step >= 140:
            health = found.health if health is None else health + found.health
    assert float(health.used[0]) > 0.9
    without = ResidualVQ(4, (64,), update=Ema(0.9), revival=None, initialise=None).train()
    without.stack[0].codebook.entries[8:] += 1000.0
    codes = torch.cat([without(torch.randn(4, 32, 4)).codes for _ in range(20)])
    assert float(Health.of(codes, (64,)).used[0]) <= 8 / 64


@pytest.mark.parametrize("update", [Ema(0.9), Gradient(0.9)])
def test_a_revived_entry_counts_as_the_mean_one_and_so_has_time_to_be_found(update):
    learner, entries, revival = update.make(4, 2), torch.zeros(4, 2), Expire(below=0.1)
    learner.counts.copy_(torch.tensor([4.0, 4.0, 4.0, 0.0]))
    revival.step(learner, entries, torch.full((8, 2), 7.0))
    assert entries.tolist() == [[0, 0], [0, 0], [0, 0], [7, 7]]
    assert learner.counts.tolist() == [4, 4, 4, 2], "8 vectors a step over 4 entries"
    for _ in range(10):  # nothing chooses it
        learner.observe(entries, torch.zeros(8, 2), torch.arange(8) % 3)
        revival.step(learner, entries, torch.full((8, 2), 9.0))
    assert entries[3].tolist() == pytest.approx([7, 7]), "it expired again before it could be found"


def test_codebooks_learned_by_gradient_start_and_revive_too():
    torch.manual_seed(0)
    made = ResidualVQ(
        4, (32, 32), codebook=Normalised(3), update=Gradient(0.9), initialise=KMeans(per_entry=2)
    ).train()
    optimizer = torch.optim.AdamW(made.parameters(), lr=1e-2, weight_decay=0)
    errors, health = [], None
    for step in range(200):
        z = torch.randn(2, 32, 4, requires_grad=True)
        found = made(z)
        error = (found.z - z.detach()).square().mean()
        optimizer.zero_grad()
        (error + sum(found.losses.values())).backward()
        optimizer.step()
        errors.append(float(error.detach()))
        if step >= 180:
            health = found.health if health is None else health + found.health
    assert sum(errors[-20:]) < 0.7 * sum(errors[1:21])
    assert float(health.used.min()) > 0.8
