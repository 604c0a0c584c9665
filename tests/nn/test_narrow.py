"""Weights in few bytes give the product within the error of their rounding, row by row."""

import pytest
import torch

from vocable.errors import ModelError
from vocable.nn import narrow as module
from vocable.nn.narrow import narrow

BOUNDS = {torch.float16: 2.0**-11, torch.int8: 1 / 250}
KINDS = pytest.mark.parametrize("kind", BOUNDS, ids=str)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def product(kind: torch.dtype, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    try:
        return narrow(weight, kind).product(x, None)
    except ModelError as error:
        pytest.skip(str(error))


@KINDS
@pytest.mark.parametrize("rows", [1, 2, 5, 40])
def test_a_product_is_within_the_rounding_of_the_weights(kind, rows):
    weight, x = numbers(70, 96) * torch.logspace(-4, 0, 70)[:, None], numbers(rows, 96, seed=1)
    largest = weight.abs().amax(1) if kind == torch.int8 else 0.0
    bound = BOUNDS[kind] * (x.abs() @ weight.abs().T if kind == torch.float16 else
                            x.abs().sum(1)[:, None] * largest)  # fmt: skip
    error = (product(kind, weight, x) - x @ weight.T).abs()
    assert (error <= bound + 1e-6 * x.abs().sum(1)[:, None]).all()
    assert error.max() > 0


@KINDS
def test_an_outlier_costs_its_neighbours_nothing(kind):
    """One channel 3000 times as loud as the others, whose weights are 0 there."""
    weight, x = numbers(8, 64), numbers(3, 64, seed=1)
    weight[:, 5], x[:, 5] = 0.0, 3000.0
    wanted = x @ weight.T
    assert (product(kind, weight, x) - wanted).norm() < 0.02 * wanted.norm()


@KINDS
def test_a_row_does_not_notice_the_others(kind):
    weight, x = numbers(33, 50), numbers(7, 50, seed=1)
    among = product(kind, weight, torch.cat((x, 1000 * x)))
    alone = torch.cat([product(kind, weight, row[None]) for row in x])
    assert (among[:7] - alone).abs().max() < 1e-5 * alone.abs().max()


@KINDS
def test_what_bf16_holds_and_what_is_whole_is_kept(kind):
    weight = numbers(9, 16).bfloat16().float() if kind == torch.float16 else (
        torch.randint(-127, 128, (9, 16), generator=torch.Generator().manual_seed(0)).float()
    )  # fmt: skip
    if kind == torch.int8:
        weight[:, 0] = 127
    assert torch.allclose(product(kind, weight, torch.eye(16)), weight.T, rtol=1e-6, atol=1e-6)


@KINDS
def test_rows_of_nothing_are_nothing_and_what_is_no_number_stays_so(kind):
    x = numbers(3, 16)
    x[0], x[1, 3] = 0.0, torch.nan
    y = product(kind, numbers(5, 16), x)
    assert (y[0] == 0).all() and y[1].isnan().all() and y[2].isfinite().all()


@KINDS
def test_bias_shape_and_size(kind):
    product(kind, numbers(4, 16), numbers(1, 16))  # skips where there are no kernels
    made, x, bias = narrow(numbers(4, 16), kind), numbers(2, 3, 16), torch.arange(4.0)
    assert torch.allclose(made.product(x, bias), made.product(x, None) + bias)
    assert made.product(x.bfloat16(), None).dtype == torch.float32
    assert made.count == 64 and made.nbytes == {torch.float16: 128, torch.int8: 80}[kind]


@KINDS
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, 7e4])
def test_weights_that_cannot_be_held_are_refused(kind, wrong):
    weight = numbers(4, 16)
    product(kind, weight, numbers(1, 16))  # skips where there are no kernels
    weight[2, 3] = wrong
    if kind == torch.int8 and wrong == 7e4:
        assert narrow(weight, kind).product(torch.eye(16), None)[3, 2] == pytest.approx(7e4)
        return
    with pytest.raises(ModelError, match=r"weights go up to .* but torch\.\w+ holds"):
        narrow(weight, kind)


def test_what_cannot_be_kept_is_said(monkeypatch):
    with pytest.raises(ModelError, match=r"float16 or torch.int8, not torch.int32"):
        narrow(numbers(2, 2), torch.int32)
    with pytest.raises(ModelError, match="these are on meta"):
        narrow(torch.empty(2, 2, device="meta"), torch.int8)
    monkeypatch.setattr(module, "works", lambda kind: False)
    with pytest.raises(ModelError, match="no kernels for weights in torch.int8"):
        narrow(numbers(2, 2), torch.int8)
