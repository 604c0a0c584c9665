"""What is NaN or infinite is learned by nobody, and counted."""

import math

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import VQ, Ema, Expire, Gradient, KMeans, Normalised, ResidualVQ
from vocable.quantize.learn.kmeans import kmeans

BAD = [math.nan, math.inf, -math.inf, 1e30]  # the last is finite, its square is not


def latents(seed: int, batch: int = 4, frames: int = 16) -> torch.Tensor:
    return torch.randn(batch, frames, 6, generator=torch.Generator().manual_seed(seed))


def state(quantizer: ResidualVQ) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in quantizer.state_dict().items()}


def trained(**options) -> ResidualVQ:
    torch.manual_seed(0)
    quantizer = ResidualVQ(6, (16, 16, 16), **options).train()
    for seed in range(8):
        quantizer(latents(seed))
    assert quantizer.learning_started
    return quantizer


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("strides", [(1, 1, 1), (4, 2, 1)])
def test_a_bad_frame_leaves_the_codebooks_as_they_learn_from_the_others(bad, strides):
    quantizer = trained(strides=strides)
    z = latents(99)
    z[2, 5, 3] = bad
    health = quantizer(z).health
    assert int(health.unusable) == 1
    # a coarse token that holds the frame is lost with it
    lost = [4 * 16 // stride - 1 for stride in strides]
    assert [int(count.sum()) for count in health.counts] == lost
    assert health.energy.isfinite().all()
    assert all(value.isfinite().all() for value in quantizer.state_dict().values())
    for seed in range(20):
        found = quantizer(latents(seed))
    assert found.losses["commitment"].isfinite() and int(found.health.unusable) == 0
    assert all(int((count > 0).sum()) > 4 for count in found.health.counts)


def test_a_batch_without_bad_frames_is_learned_as_before():
    """The same rows with one bad one more give the same statistics but for the random revival."""
    one, two = (trained(revival=None) for _ in range(2))
    z = latents(99, batch=1)
    one(z)
    two(torch.cat([z, torch.full((1, 1, 6), math.nan)], 1))
    for key, value in state(one).items():
        torch.testing.assert_close(state(two)[key], value, rtol=1e-6, atol=1e-6)


def test_a_whole_batch_of_nan_forgets_a_little_and_moves_nothing():
    quantizer = trained()
    before = state(quantizer)
    quantizer(torch.full((2, 16, 6), math.nan))
    after = state(quantizer)
    for level in range(3):
        name = f"stack.{level}.codebook.entries"
        torch.testing.assert_close(after[name], before[name], rtol=1e-5, atol=1e-6)


def test_a_dead_entry_is_not_revived_at_nan():
    quantizer = VQ(6, 16, revival=Expire(below=10.0), initialise=None).train()  # all expire at once
    quantizer(latents(0))
    quantizer(torch.full((2, 16, 6), math.nan))
    assert quantizer.stack[0].codebook.entries.isfinite().all()


def test_the_start_by_k_means_leaves_bad_frames_out():
    torch.manual_seed(0)
    quantizer = ResidualVQ(6, (16, 16), strides=(2, 1), initialise=KMeans(per_entry=4)).train()
    z = latents(0, batch=8)
    z[:, ::5] = math.nan
    waits = quantizer(z)
    assert not quantizer.learning_started and int(waits.health.unusable) == 8 * 4
    assert waits.health.energy.isfinite().all()
    for _ in range(3):
        quantizer(z)
    assert quantizer.learning_started
    assert all(value.isfinite().all() for value in quantizer.state_dict().values())


def test_k_means_of_nothing_finite_is_refused():
    with pytest.raises(ModelError, match="no finite vector"):
        kmeans(torch.full((9, 4), math.nan), 3, 2)


@pytest.mark.parametrize("codebook", [None, Normalised(3)])
def test_entries_that_an_optimizer_moves_stay_finite(codebook):
    options = {} if codebook is None else {"codebook": codebook}
    quantizer = trained(update=Gradient(), **options)
    entries = [level.codebook.entries for level in quantizer.stack]
    z = latents(99)
    z[0, 0] = math.nan
    quantizer(z).losses["codebook"].backward()
    if codebook is None:  # else the projection learns, and gets the gradient that z has
        assert all(entry.grad.isfinite().all() for entry in entries)
    assert any(entry.grad.abs().sum() > 0 for entry in entries)


def test_the_loss_that_the_encoder_follows_says_so():
    quantizer = trained(update=Ema())
    z = latents(99)
    z[0, 0] = math.nan
    assert quantizer(z).losses["commitment"].isnan(), "a scaler or loop skips the step by it"
