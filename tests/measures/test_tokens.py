"""Use of a codebook: worked examples, limits, refusals."""

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures import count_codes, entropy, perplexity, used_share

WORKED = np.array([4, 2, 1, 1, 0, 0, 0, 0])


def test_worked_example():
    codes = np.repeat(np.arange(8), WORKED).astype(np.int32)
    assert count_codes(codes[::-1].copy(), 8).tolist() == WORKED.tolist()
    assert entropy(WORKED) == 1.75
    assert perplexity(WORKED) == pytest.approx(3.3635856610148585, abs=1e-12)
    assert used_share(WORKED) == 0.5


def test_even_and_single_use_are_the_limits():
    assert perplexity(np.full(1024, 3)) == pytest.approx(1024.0)
    assert entropy(np.array([0, 9, 0])) == 0.0
    assert perplexity(np.array([0, 9, 0])) == 1.0


def test_codes_of_several_streams_count_together():
    assert count_codes(np.array([[0, 1], [1, 1]]), 3).tolist() == [1, 3, 0]


@pytest.mark.parametrize(("code", "message"), [(-1, "got -1"), (8, "0 to 7, got 8")])
def test_codes_outside_are_refused(code, message):
    with pytest.raises(MeasureError, match=message):
        count_codes(np.array([0, code]), 8)


@pytest.mark.parametrize("counts", [np.zeros(4, int), np.zeros(0, int), np.array([2, -1])])
@pytest.mark.parametrize("measure", [entropy, perplexity, used_share])
def test_counts_of_nothing_are_refused(measure, counts):
    with pytest.raises(MeasureError, match="counts must be one or more"):
        measure(counts)
