"""Codebooks start at cluster centres of what each level is to quantize."""

import pytest
import torch

from vocable.quantize import Gradient, KMeans, Normalised, ResidualVQ
from vocable.quantize.learn.kmeans import kmeans
from vocable.quantize.search import nearest, prepare


def check_centres(entries, vectors):
    """Each entry is the mean of the vectors that are nearest to it: Lloyd's iterations are done."""
    codes = nearest(vectors, prepare(entries))
    assert len(codes.unique()) == len(entries)
    means = torch.stack([vectors[codes == i].mean(dim=0) for i in range(len(entries))])
    torch.testing.assert_close(entries, means, rtol=0, atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_centres_are_the_means_of_the_vectors_nearest_to_them(seed):
    torch.manual_seed(seed)
    vectors = torch.randn(400, 3)
    check_centres(kmeans(vectors, 8, iterations=100), vectors)


def test_every_iteration_brings_the_centres_nearer():
    errors = []
    for iterations in range(4):
        torch.manual_seed(0)  # all begin at the same rows
        vectors = torch.randn(400, 3)
        centres = kmeans(vectors, 8, iterations)
        errors.append(float((vectors - centres[nearest(vectors, prepare(centres))]).norm()))
    assert errors == sorted(errors, reverse=True) and errors[3] < 0.95 * errors[0], errors


def test_a_centre_with_one_vector_is_that_vector():
    vectors = torch.tensor([[1.0, 2.0], [3.0, 5.0], [8.0, 13.0]])
    centres = kmeans(vectors, 3, iterations=3)
    assert sorted(centres.tolist()) == vectors.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_centres_that_no_vector_is_nearest_to_lie_among_the_vectors(seed):
    torch.manual_seed(seed)
    two = torch.tensor([[9.0, 9.0], [11.0, 11.0]]).repeat(20, 1)  # at most two centres get any
    centres = kmeans(two, 8, iterations=10)
    assert centres.min() >= 9 and centres.max() <= 11


def test_each_level_starts_at_what_the_levels_before_it_leave():
    torch.manual_seed(0)
    made = ResidualVQ(4, (8, 8, 8), initialise=KMeans(iterations=100))
    left = torch.randn(512, 4) + 10.0
    made.start_learning(left, per_step=512)
    for level in made.stack:
        check_centres(level.codebook.entries, left)
        left = left - level.decode(level.encode(left[None])[0])


def test_projections_start_at_the_main_axes_of_what_their_level_gets():
    """Each level takes the axes of most energy, and leaves what lies across them."""
    torch.manual_seed(0)
    z = torch.randn(3000, 12) * torch.tensor([4.0] * 4 + [2.0] * 4 + [0.1] * 4)
    made = ResidualVQ(12, (256,) * 3, codebook=Normalised(4), update=Gradient())
    made.start_learning(z, per_step=100)
    down, up = made.stack[0].codebook.down.weight, made.stack[0].codebook.up.weight
    torch.testing.assert_close(down @ up, torch.eye(4), atol=1e-5, rtol=0)
    assert up[:4].norm() > 1.9 and up[4:].norm() < 0.6  # of 2, for four orthogonal axes
    energy = [float(z.square().sum()), *made.eval()(z[None]).health.energy[1:].tolist()]
    assert energy[1] < 0.45 * energy[0] and energy[2] < 0.7 * energy[1] and energy[3] < energy[2]


def test_a_latent_may_have_fewer_dimensions_than_the_lookup():
    made = ResidualVQ(3, (16,), codebook=Normalised(8), update=Gradient())
    z = torch.randn(500, 3)
    made.start_learning(z, per_step=100)
    assert float(made.eval()(z[None]).health.energy[1]) < 0.5 * float(z.square().sum())
