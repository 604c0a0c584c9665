"""Integers that a coder takes, from logits, and single symbols under them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.errors import ModelError
from vocable.tokens.coder import RansDecoder, RansEncoder
from vocable.tokens.coder.odds import PRECISION, odds


@given(st.integers(0, 2**32), st.integers(2, 3000), st.floats(0.01, 60))
def test_every_code_stays_possible_and_costs_what_its_logit_says(seed, size, spread):
    logits = np.random.default_rng(seed).normal(0, spread, (2, size)).astype(np.float32)
    for row, found in zip(logits.astype(float), odds(logits), strict=True):
        assert found.frequencies.min() >= 1 and found.frequencies.sum() == 1 << PRECISION
        assert (found.cumulative == np.cumsum(found.frequencies) - found.frequencies).all()
        p = np.exp(row - row.max())
        p /= p.sum()
        q = found.frequencies / 2**PRECISION
        assert (p * np.log2(np.maximum(p, 1e-30) / q)).sum() < 0.0001 + 1.5 * size / 2**PRECISION


@given(st.integers(0, 2**32), st.integers(0, 60), st.floats(0.1, 30))
def test_symbols_come_back_each_under_its_own_odds(seed, count, spread):
    random = np.random.default_rng(seed)
    each = odds(random.normal(0, spread, (count, 50)).astype(np.float32)) if count else []
    codes = random.integers(0, 50, count)
    encoder = RansEncoder(1, PRECISION)
    for code, one in zip(codes, each, strict=True):
        encoder.push(np.array([code]), one)
    decoder = RansDecoder(encoder.finish(), 1, PRECISION)
    assert [decoder.pop(1, one)[0] for one in each] == codes.tolist()
    decoder.close()


def test_odds_are_pinned():
    (found,) = odds(np.array([[0.0, 1.0, -2.5, 30.0, 29.75]], np.float32))
    assert found.frequencies.tolist() == [1, 1, 1, 589250, 459323]


def test_no_numbers_are_refused():
    with pytest.raises(ModelError, match="not numbers"):
        odds(np.array([[0.0, np.nan]], np.float32))
