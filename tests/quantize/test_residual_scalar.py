"""Residual quantization without codebooks: finer at each level, any number of levels decodes."""

import math

import pytest
import torch

from tests.quantize import lattice_oracle as oracle
from vocable.errors import ModelError
from vocable.quantize import ResidualFSQ, ResidualLFQ


def latents(*shape: int, spread: float = 1.0) -> torch.Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def by_loops(frame, steps, levels):
    """Return the codes of a frame, and how near the nearest choice was."""
    bends = [1 + 1 / (count - 1) for count in steps]
    left = [math.tanh(float(x) / bend) * bend for x, bend in zip(frame, bends, strict=True)]
    codes, margin = [], 1.0
    for level in range(levels):
        code, weight = 0, 1
        for i, count in enumerate(steps):
            where = (count - 1) * (min(1, max(-1, left[i] * count**level)) + 1) / 2
            digit = math.floor(where + 0.5)
            margin = min(margin, abs(where + 0.5 - round(where + 0.5)))
            left[i] -= oracle.value(digit, count, "symmetric") / count**level
            code, weight = code + digit * weight, weight * count
        codes.append(code)
    return codes, margin


def test_codes_are_those_of_loops_over_scalars():
    steps, z = (4, 5, 3), latents(1, 300, 3)
    codes = ResidualFSQ(steps, 3).eval().encode(z)[0].T.tolist()
    wanted = [by_loops(frame, steps, 3) for frame in z[0]]
    sure = [(got, code) for got, (code, near) in zip(codes, wanted, strict=True) if near > 1e-4]
    assert len(sure) > 280 and all(got == code for got, code in sure)


@pytest.mark.parametrize("make", [lambda: ResidualFSQ((5, 5, 5), 4), lambda: ResidualLFQ(3, 4)])
def test_each_level_leaves_less(make):
    quantizer, z = make().eval(), latents(2, 500, 3, spread=0.7)
    left = [float((quantizer.to_axes(z) - quantizer.axes_of(quantizer.encode(z, n))).norm())
            for n in quantizer.prefixes]  # fmt: skip
    assert all(after < 0.8 * before for before, after in zip(left, left[1:], strict=False))
    residual = quantizer(z).health.residual_db
    assert (residual.diff() < -2).all()
    spacing = [float(quantizer.axis_spacing(n)[0]) for n in quantizer.prefixes]
    assert spacing == pytest.approx(
        [spacing[0] / int(quantizer.lattice.steps[0]) ** i for i in range(4)]
    )


def test_the_encoder_gets_the_gradient_once():
    """However many levels there are: through the bend, and past all rounding."""
    z = latents(1, 20, 3).requires_grad_()
    quantizer = ResidualFSQ((5, 5, 5), 4).train()
    quantizer(z).z.sum().backward()
    bend = 1.25
    wanted = 1 - (z.detach() / bend).tanh().square()
    torch.testing.assert_close(z.grad, wanted)


def test_training_draws_numbers_of_levels_and_says_all_codes():
    quantizer = ResidualLFQ(3, 4, dropout=1.0).train()
    torch.manual_seed(0)
    z = latents(1, 20, 3).expand(64, 20, 3)
    found = quantizer(z)
    assert found.codes.shape == (64, 4, 20)
    kinds = {tuple(item.flatten().tolist()) for item in found.z}
    prefixes = [quantizer.decode(found.codes[:1, :n]) for n in quantizer.prefixes]
    assert kinds == {tuple(prefix.flatten().tolist()) for prefix in prefixes}
    assert set(found.losses) == {"commitment", "entropy"}


def test_levels_of_which_there_are_none():
    with pytest.raises(ModelError, match="levels is 0; give 1 or more"):
        ResidualFSQ((5, 5), 0)
    with pytest.raises(ModelError, match="dropout is 1.5; give a share of items from 0 to 1"):
        ResidualLFQ(4, 2, dropout=1.5)
