"""Equal error rates of many draws at once: as one draw after the other."""

import numpy as np
import pytest

from vocable.evaluate.trials import drawn_rates
from vocable.measures.speakers import crossing


def one_by_one(scores, first, second, counts) -> list[float]:
    rates = []
    for times in counts:
        same = first == second
        weights = times[first] * np.where(same, 1.0, times[second])
        if weights[same].any() and weights[~same].any():
            rates.append(crossing(scores, same, weights).rate)
    return rates


@pytest.mark.parametrize("digits", [0, 1, 15])
@pytest.mark.parametrize("speakers", [2, 5, 12])
@pytest.mark.parametrize("apart", [0.0, 1.0, 9.0])
def test_rates_are_those_of_each_draw_by_itself(digits, speakers, apart):
    random = np.random.default_rng(speakers)
    owner = np.repeat(np.arange(speakers), 3)
    first, second = (owner[k] for k in np.nonzero(~np.eye(owner.size, dtype=bool)))
    scores = (random.standard_normal(first.size) + apart * (first == second)).round(digits)
    counts = random.multinomial(speakers, np.full(speakers, 1 / speakers), 50).astype(float)
    expected = one_by_one(scores, first, second, counts)
    assert drawn_rates(scores, first, second, counts) == pytest.approx(np.array(expected))
    assert speakers > 2 or len(expected) < 50  # draws of one speaker alone have no rate
