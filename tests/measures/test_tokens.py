"""Use of a codebook: worked examples, limits, refusals."""

import itertools

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures import (
    chance_agreement,
    count_codes,
    count_runs,
    entropy,
    entropy_bias,
    perplexity,
    repeat_rate,
    residual_db,
    residual_energy,
    used_share,
)

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
@pytest.mark.parametrize(
    "measure", [entropy, entropy_bias, perplexity, used_share, chance_agreement]
)
def test_counts_of_nothing_are_refused(measure, counts):
    with pytest.raises(MeasureError, match="counts must be one or more"):
        measure(counts)


def test_the_bias_is_what_few_tokens_lack():
    """Miller's correction, held against the mean entropy of many draws of 1000 tokens."""
    random = np.random.default_rng(0)
    drawn = [np.bincount(random.integers(64, size=1000), minlength=64) for _ in range(200)]
    missing = 6 - np.mean([entropy(counts) for counts in drawn])
    assert np.mean([entropy_bias(counts) for counts in drawn]) == pytest.approx(missing, rel=0.05)
    assert entropy_bias(WORKED) == pytest.approx(3 / (16 * np.log(2)))


def test_chance_agreement_is_that_of_unrelated_codes():
    random = np.random.default_rng(0)
    a, b = (random.choice(8, 200_000, p=WORKED / 8) for _ in range(2))
    assert chance_agreement(WORKED) == pytest.approx(22 / 64)
    assert np.mean(a == b) == pytest.approx(22 / 64, abs=0.005)


def test_runs_end_where_the_code_changes_and_where_the_stream_does():
    codes = np.array([[1, 1, 2, 2], [2, 2, 2, 2]])
    assert count_runs(codes) == 3 and repeat_rate(codes) == 5 / 8
    assert count_runs(codes.reshape(-1)) == 2
    assert repeat_rate([1, 2, 3]) == 0 and repeat_rate([7]) == 0
    assert count_runs(np.zeros((2, 0), int)) == 0


def test_repeats_are_what_itertools_finds():
    codes = np.random.default_rng(0).integers(3, size=500).tolist()
    runs = len([1 for _ in itertools.groupby(codes)])
    assert repeat_rate(codes) == pytest.approx(1 - runs / 500)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros(0, int), "at least one code, got none"),
        ([0.5], "must be integers, got float64"),
        (np.zeros((1, 2, 3), int), r"got shape \(1, 2, 3\)"),
        ([[1], [1, 2]], "are not an array of integers"),
    ],
)
def test_codes_that_have_no_repeats_are_refused(codes, message):
    with pytest.raises(MeasureError, match=message):
        repeat_rate(codes)


def test_residuals_are_the_oracle_level_by_level():
    random = np.random.default_rng(0)
    latents = random.standard_normal((40, 3))
    decoded = np.stack([0.5 * latents, 0.9 * latents, latents])
    found = residual_energy(latents, decoded)
    whole = (latents**2).sum()
    assert found == pytest.approx([whole, whole / 4, whole / 100, 0])
    assert residual_db(found)[:2] == pytest.approx([-6.0206, -20], abs=1e-4)
    assert residual_db(found)[2] == -np.inf


def test_residuals_of_recordings_add_up():
    random = np.random.default_rng(0)
    latents, decoded = random.standard_normal((40, 3)), random.standard_normal((2, 40, 3))
    parts = [residual_energy(latents[a:b], decoded[:, a:b]) for a, b in ((0, 15), (15, 40))]
    assert sum(parts) == pytest.approx(residual_energy(latents, decoded))


def test_residuals_that_mean_nothing_are_refused(untyped):
    with pytest.raises(MeasureError, match=r"must be \[levels, \*\(4, 2\)\]"):
        residual_energy(np.zeros((4, 2)), np.zeros((1, 3, 2)))
    with pytest.raises(MeasureError, match="NaN or infinite values"):
        residual_energy(np.full((4, 2), np.nan), np.zeros((1, 4, 2)))
    for energies in (np.zeros(2), np.ones(1), np.array([1.0, -1.0]), np.array([np.nan, 1.0])):
        with pytest.raises(MeasureError, match="of a latent that is not 0"):
            residual_db(energies)
