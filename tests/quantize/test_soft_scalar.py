"""Numbers that are rounded to a few learned values: by hand, and how training chooses softly."""

import math

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import SoftScalars


def made(sharpness: float = 5.0) -> SoftScalars:
    quantizer = SoftScalars(3, 4, sharpness=sharpness)
    with torch.no_grad():
        quantizer.choice.values.copy_(torch.tensor([0.5, -1.0, 0.1, 2.0]))  # in no order
    return quantizer


def latents(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_each_channel_gets_the_nearest_value():
    quantizer, z = made().eval(), latents(2, 50, 3)
    codes = quantizer.encode(z)
    nearest = (z[..., None] - quantizer.choice.values).abs().argmin(-1)
    assert torch.equal(codes, nearest.transpose(1, 2))
    assert torch.equal(quantizer.decode(codes), quantizer.choice.values[nearest])
    assert torch.equal(quantizer.encode(quantizer.decode(codes)), codes)
    assert quantizer.levels == (4, 4, 4) and quantizer.prefixes == (3,)


def test_training_takes_means_by_how_near_values_are():
    quantizer, z = made().train(), latents(2, 9, 3).requires_grad_()
    found = quantizer(z)
    weights = torch.exp(-5.0 * (z[..., None] - quantizer.choice.values).abs())
    weights = weights / weights.sum(-1, keepdim=True)
    torch.testing.assert_close(found.z, (weights * quantizer.choice.values).sum(-1))
    shares = weights.mean((0, 1))  # of each channel
    torch.testing.assert_close(found.losses["entropy"], -(shares * shares.log()).sum())
    assert 0 < float(found.losses["entropy"].detach()) < 3 * math.log(4)
    (found.z.square().mean() + found.losses["entropy"]).backward()
    for tensor in (z, quantizer.choice.values, quantizer.choice.sharpness):
        assert tensor.grad is not None and tensor.grad.abs().sum() > 0


def test_sharp_choices_are_the_codes():
    quantizer, z = made(sharpness=1e5).train(), latents(1, 40, 3)
    soft = quantizer(z)
    hard = quantizer.eval()(z)
    torch.testing.assert_close(soft.z, hard.z)
    assert torch.equal(soft.codes, hard.codes) and not hard.losses


def test_values_start_where_latents_are():
    quantizer, rows = made().eval(), latents(400, 3)
    quantizer.start_learning(rows, per_step=400)
    used = torch.bincount(quantizer.encode(rows[None]).flatten(), minlength=4)
    assert used.min() > 0.15 * used.sum()


def test_health_counts_values_and_what_is_left():
    quantizer, z = made().eval(), latents(1, 40, 3)
    found = quantizer(z)
    for level, counts in enumerate(found.health.counts):
        assert torch.equal(counts.long(), torch.bincount(found.codes[0, level], minlength=4))
    left = (z - found.z).square().sum()
    torch.testing.assert_close(found.health.energy[[0, -1]], torch.stack([z.square().sum(), left]))


@pytest.mark.parametrize(("dim", "size", "sharpness"), [(0, 4, 1.0), (1, 1, 1.0), (1, 4, 0.0)])
def test_sizes_that_make_none(dim, size, sharpness):
    with pytest.raises(ModelError, match="give 1 channel or more, 2 values or more, and a sharp"):
        SoftScalars(dim, size, sharpness=sharpness)
