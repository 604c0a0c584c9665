"""Quantization by signs: codes, values and the entropy loss as loops over scalars give them."""

import math

import pytest
import torch

from tests.quantize import lattice_oracle as oracle
from vocable.errors import ModelError
from vocable.quantize import BSQ, LFQ
from vocable.quantize.learn.entropy import SHARPNESS, bit_entropies, code_entropies


def latents(*shape: int, spread: float = 1.0) -> torch.Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [LFQ, BSQ])
def test_codes_are_the_signs_and_values_the_corners(kind):
    quantizer, z = kind(5, groups=2).eval(), latents(2, 60, 10)
    z[0, 0] = 0.0  # no side: below
    codes = quantizer.encode(z)
    assert quantizer.levels == (32, 32) and quantizer.prefixes == (2,)
    for item in range(2):
        for group in range(2):
            frames = z[item, :, 5 * group : 5 * group + 5].tolist()
            assert codes[item, group].tolist() == [oracle.signs(frame) for frame in frames]
    reach = 1 if kind is LFQ else 5**-0.5
    assert torch.equal(quantizer.decode(codes), torch.where(z > 0, reach, -reach).float())
    assert torch.equal(quantizer.encode(quantizer.decode(codes)), codes)


def test_the_error_of_bsq_has_a_limit():
    """However long latents are, the length of what is left is less than that of two of a cube."""
    bsq = BSQ(9).eval()
    z = latents(1, 500, 9, spread=100.0)
    left = bsq.to_axes(z) - bsq.decode(bsq.encode(z))
    assert float(left.norm(dim=-1).max()) < math.sqrt(2 - 2 / 3)


@pytest.mark.parametrize(("bits", "reach"), [(1, 1.0), (4, 1.0), (5, 0.5)])
def test_the_entropy_loss_is_that_of_all_corners_one_by_one(bits: int, reach: float):
    x = latents(20, bits, spread=0.01)
    each, whole = oracle.entropies(x.tolist(), reach, SHARPNESS)
    assert float(code_entropies(x, reach)) == pytest.approx(each - whole, abs=1e-4)
    alone = sum(
        oracle.entropies(x[:, i : i + 1].tolist(), reach, SHARPNESS)[1] for i in range(bits)
    )
    assert float(bit_entropies(x, reach)) == pytest.approx(each - alone, abs=1e-4)
    assert alone >= whole - 1e-6


def test_the_entropy_loss_spreads_latents_over_the_codes():
    """From one corner, by the loss alone: nearly all codes come into use."""
    x = 0.005 + latents(256, 4, spread=0.001)
    quantizer = LFQ(4).train()
    used = []
    for _ in range(60):
        found = quantizer(x.requires_grad_()[None])
        used.append(float(found.health.used))
        (slope,) = torch.autograd.grad(found.losses["entropy"], x)
        assert slope.isfinite().all()
        x = x.detach() - 2e-4 * slope.sign()
    assert used[0] < 0.2 and used[-1] > 0.9


@pytest.mark.parametrize("kind", [LFQ, BSQ])
def test_the_gradient_is_finite_and_passes_the_signs(kind):
    quantizer = kind(6, dim=5).train()
    z = latents(2, 30, 5, spread=10.0).requires_grad_()  # far from 0: all chances are 0 or 1
    found = quantizer(z)
    assert set(found.losses) == {"commitment", "entropy"}
    (found.z.sum() + found.losses["commitment"] + 0.1 * found.losses["entropy"]).backward()
    for tensor in (z, *quantizer.parameters()):
        assert tensor.grad.isfinite().all() and tensor.grad.abs().sum() > 0
    torch.testing.assert_close(found.z, quantizer.eval().decode(found.codes))


def test_a_nan_is_below_and_counted():
    quantizer, z = LFQ(3).train(), latents(1, 9, 3)
    z[0, 4] = math.nan
    found = quantizer(z)
    assert int(found.codes[0, 0, 4]) == 0 and int(found.health.unusable) == 1
    assert found.losses["commitment"].isnan()


def test_bits_that_make_no_code():
    with pytest.raises(ModelError, match=r"steps are \(\); give each number of a code 2 or more"):
        LFQ(0)
    with pytest.raises(ModelError, match="make 33554432 codes, and a level has 16777216 at most"):
        BSQ(25)
    assert BSQ(18, groups=2).levels == (1 << 18,) * 2
