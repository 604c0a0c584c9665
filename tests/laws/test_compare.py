"""Rows and states are compared by value, whatever they hold."""

import pytest
import torch

from vocable.testing.compare import check_rows_equal


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32, torch.complex64])
def test_what_differs_is_caught_in_any_kind_of_number(dtype):
    rows = torch.ones(1, 4, 1, dtype=dtype)
    check_rows_equal("state", rows, rows.clone())
    other = rows.clone()
    other[0, 2] = 0
    with pytest.raises(AssertionError, match="state: differs first in row 2 of 4"):
        check_rows_equal("state", other, rows)
