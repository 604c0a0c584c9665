"""Estimators return the quantized latent to the bit; their gradients are the papers'."""

import pytest
import torch

from vocable.quantize import Gradient, Normalised, ResidualVQ, rotation, straight_through


@pytest.mark.parametrize("estimator", [straight_through, rotation])
def test_the_value_is_the_quantized_one_to_the_bit(estimator):
    z, q = torch.randn(50, 8, requires_grad=True), torch.randn(50, 8)
    assert torch.equal(estimator(z, q), q)


def test_straight_through_passes_the_gradient_unchanged():
    z, q, weights = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3), torch.randn(5, 3)
    (straight_through(z, q) * weights).sum().backward()
    assert torch.equal(z.grad, weights)


def test_rotation_passes_the_gradient_through_the_papers_matrix():
    torch.manual_seed(0)
    z = torch.randn(4, dtype=torch.float64)
    q = torch.randn(4, dtype=torch.float64)
    z_unit, q_unit = z / z.norm(), q / q.norm()
    w = (z_unit + q_unit) / (z_unit + q_unit).norm()
    matrix = torch.eye(4) - 2 * torch.outer(w, w) + 2 * torch.outer(q_unit, z_unit)
    assert torch.allclose(matrix @ matrix.T, torch.eye(4, dtype=torch.float64)), "a rotation"
    expected = q.norm() / z.norm() * matrix
    assert torch.allclose(expected @ z, q), "that takes z to q"
    found = torch.autograd.functional.jacobian(lambda x: rotation(x, q), z)
    assert torch.allclose(found, expected)


def test_rotation_keeps_the_angle_between_gradient_and_latent():
    # Fifty et al.: the gradient at q, turned back, makes with z the angle that it makes with q.
    torch.manual_seed(0)
    z, q = torch.randn(20, 6, requires_grad=True), torch.randn(20, 6)
    gradient = torch.randn(20, 6)
    (rotation(z, q) * gradient).sum().backward()
    cosine = torch.nn.functional.cosine_similarity
    assert torch.allclose(cosine(z.grad, z), cosine(gradient, q), atol=1e-5)


def test_a_latent_of_zeros_gives_finite_gradients():
    z = torch.zeros(2, 4, requires_grad=True)
    rotation(z, torch.randn(2, 4)).sum().backward()
    assert torch.isfinite(z.grad).all()


def test_the_whole_stack_gets_one_estimate():
    made = ResidualVQ(4, (8, 8, 8), update=None).eval()
    z, weights = torch.randn(2, 5, 4, requires_grad=True), torch.randn(2, 5, 4)
    (made(z).z * weights).sum().backward()
    assert torch.equal(z.grad, weights), "not once per level"


def test_the_gradient_of_a_projected_codebook_goes_where_its_projections_go():
    """What `down` does not see changes nothing that is decoded, and gets no gradient."""
    made = ResidualVQ(6, (16,) * 2, codebook=Normalised(2), update=Gradient())
    torch.manual_seed(0)
    made.start_learning(torch.randn(300, 6) * torch.tensor([4.0, 3.0, 2.0, 1.5, 0.1, 0.1]), 100)
    z = torch.randn(2, 5, 6, requires_grad=True)
    (gradient,) = torch.autograd.grad(made.eval()(z).z.sum(), z)
    down = torch.cat([level.codebook.down.weight for level in made.stack])  # four of six axes
    across = torch.linalg.svd(down).Vh[4:]
    assert gradient.norm() > 1 and (gradient @ across.T).abs().max() < 1e-5
