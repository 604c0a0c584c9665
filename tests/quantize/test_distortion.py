"""What segments distort is exact, and what codes they get is the best."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.quantize import ResidualVQ
from vocable.quantize.distortion import UNIT, OfCodes, OfLatents, whole_numbers
from vocable.quantize.spacing import spacing

GENERATOR = torch.Generator().manual_seed(0)
ENTRIES = torch.randn(12, 5, generator=GENERATOR)
CODES = OfCodes(ENTRIES)


def weighted(rows, weights):
    weights = np.asarray(weights)[:, None]
    return np.concatenate([rows * weights, weights], axis=1).sum(0)[None]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(1, 15)), min_size=1, max_size=9))
def test_a_segment_of_codes_gets_the_entry_that_distorts_least(frames):
    codes, weights = (np.array(each) for each in zip(*frames, strict=True))
    sums = weighted(CODES.rows(codes), weights)
    steps = CODES._entries
    apart = np.square(steps[codes][:, None] - steps[None]).sum(-1)
    wanted = weights @ np.where(codes[:, None] == np.arange(12), 0, np.maximum(apart, 1))
    assert CODES.costs(sums)[0] == wanted.min()
    assert CODES.codes(sums)[0, 0] == wanted.argmin()
    assert (CODES.costs(sums)[0] == 0) == (len(set(codes)) == 1)


def test_a_code_is_its_own_best_even_among_equal_entries():
    twins = OfCodes(torch.ones(3, 2))
    for code in range(3):
        sums = weighted(twins.rows(np.array([code] * 4)), [10] * 4)
        assert twins.codes(sums)[0, 0] == code and twins.costs(sums)[0] == 0
    assert twins.costs(weighted(twins.rows(np.array([0, 1])), [10, 10]))[0] > 0


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 99))
def test_what_the_mean_of_latents_distorts_is_exact(frames, seed):
    quantizer = ResidualVQ(5, (12, 12), update=None, initialise=None)
    random = np.random.default_rng(seed)
    weights = random.integers(1, 16, frames)
    distortion = OfLatents(quantizer, 2)
    z = torch.from_numpy(random.normal(0, 3, (frames, 5)).astype(np.float32))
    rows = distortion.rows(z)
    x = [[Fraction(int(n)) for n in row[:-1]] for row in rows]
    total = sum(map(int, weights))
    mean = [
        sum(int(w) * row[k] for w, row in zip(weights, x, strict=True)) / total for k in range(5)
    ]
    wanted = sum(
        int(w) * sum((a - b) ** 2 for a, b in zip(row, mean, strict=True))
        for w, row in zip(weights, x, strict=True)
    )
    found = distortion.costs(weighted(rows, weights))[0]
    assert wanted <= found < wanted + 1


def test_the_mean_of_equal_latents_has_their_codes():
    torch.manual_seed(0)
    quantizer = ResidualVQ(5, (12, 12), update=None, initialise=None)
    z = torch.randn(40, 5)
    distortion = OfLatents(quantizer, 2)
    sums = np.concatenate(
        [weighted(np.repeat(row[None], 3, 0), [10] * 3) for row in distortion.rows(z)]
    )
    codes = quantizer.encode(z[None], 2)[0].numpy()
    assert (distortion.codes(sums) == codes).mean() > 0.95  # but for what rounding moves
    assert not distortion.costs(sums).any()


def test_rounding_is_fine_beside_what_entries_tell_apart():
    distance = np.square(CODES._entries[:, None] - CODES._entries[None]).sum(-1)
    exact = torch.cdist(ENTRIES, ENTRIES).square().numpy() / spacing(ENTRIES) ** 2 * UNIT
    assert distance == pytest.approx(exact, rel=0.1, abs=0.02 * UNIT)


def test_numbers_are_of_12_bits():
    assert whole_numbers(torch.tensor([[1e9, -1e9, 2.5]])).tolist() == [[2047, -2047, 2]]


def test_spacing_is_that_of_entries_that_differ():
    assert spacing(torch.tensor([[0.0], [0.0], [2.0], [4.0]])) == 2
    assert spacing(torch.zeros(4, 2)) == 1


def test_a_codebook_with_a_dead_entry_far_away_still_tells_the_others_apart():
    entries = torch.randn(200, 5, generator=torch.Generator().manual_seed(1))
    alone, wide = OfCodes(entries), OfCodes(torch.cat([entries, torch.full((1, 5), 200.0)]))
    assert wide.unit < alone.unit
    for k in range(0, 200, 20):
        both = [each.rows(np.array([k]))[0, :200] / each.unit for each in (alone, wide)]
        apart = np.abs(both[1] - both[0]) / np.maximum(both[0], 1)
        assert np.median(apart) < 0.05 and apart.max() < 0.4  # rounded more coarsely


def test_entries_in_a_row_are_not_one_far_away():
    """Of 1024 entries a step apart, the last cost what the first do."""
    row = OfCodes(torch.arange(1024.0)[:, None])
    apart = row.rows(np.array([10, 1000]))[[0, 1], [12, 1002]] / row.unit
    assert apart[0] == pytest.approx(apart[1], rel=0.5) and apart[0] == pytest.approx(4, rel=0.5)
