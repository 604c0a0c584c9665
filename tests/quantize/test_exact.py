"""The nearest centre is the same in any batch, by any order of sums, and the lower of equals."""

import torch

from vocable.quantize.exact import nearest_exactly


def brute(x: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    return (x.double()[:, None] - centres.double()).square().sum(2).argmin(1)


def test_the_nearest_centre_is_that_of_a_search_in_float64():
    generator = torch.Generator().manual_seed(0)
    x, centres = (
        torch.randn(2000, 40, generator=generator),
        torch.randn(90, 40, generator=generator),
    )
    assert torch.equal(nearest_exactly(x, centres), brute(x, centres))


def test_gaps_that_fp32_cannot_see_are_decided():
    """Rows far out between pairs of centres, each 1e-7 of a distance nearer to one of the two."""
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(30, 64, generator=generator) * 10 + 100
    shift = torch.randn(30, 64, generator=generator) * 1e-3
    centres = torch.cat([base - shift, base + shift])
    x = base + torch.randn(30, 64, generator=generator) * 1e-3
    expected = brute(x, centres)
    assert torch.equal(nearest_exactly(x, centres), expected)
    assert expected.unique().numel() > 20
    products = (centres.square().sum(1) - 2 * x @ centres.T).argmin(1)
    assert not torch.equal(products, expected), "fp32 alone would have done"


def test_the_lower_of_equal_centres_wins():
    generator = torch.Generator().manual_seed(2)
    centres = torch.randn(50, 300, generator=generator)
    x = torch.randn(400, 300, generator=generator)
    found = nearest_exactly(x, torch.cat([centres, centres]))
    assert found.max() < 50 and torch.equal(found, nearest_exactly(x, centres))


def test_a_row_between_two_centres_goes_to_the_lower():
    assert nearest_exactly(torch.zeros(1, 2), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).tolist() == [
        0
    ]


def test_rows_do_not_depend_on_their_batch():
    generator = torch.Generator().manual_seed(3)
    x, centres = torch.randn(700, 39, generator=generator), torch.randn(64, 39, generator=generator)
    alone = torch.cat([nearest_exactly(row[None], centres) for row in x])
    assert torch.equal(nearest_exactly(x, centres), alone)


def test_no_rows_have_no_centres():
    assert nearest_exactly(torch.zeros(0, 3), torch.ones(4, 3)).shape == (0,)
