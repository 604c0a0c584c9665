"""Say how the codes of one level are used, and what each level leaves of a latent."""

from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64, Integer

from vocable.arrays import to_numpy
from vocable.errors import MeasureError

Counts = Integer[np.ndarray, "entries"]


def count_codes(codes: Any, size: int) -> Int64[np.ndarray, "entries"]:
    """Return how often each of `size` entries occurs in the codes (array or tensor) of a level."""
    flat = check_codes(codes).reshape(-1)
    wrong = flat[(flat < 0) | (flat >= size)]
    if wrong.size:
        raise MeasureError(f"codes must lie in 0 to {size - 1}, got {wrong[0]}")
    return np.bincount(flat, minlength=size).astype(np.int64)


def entropy(counts: Counts) -> float:
    """Return the entropy in bit of the entries drawn with these counts."""
    _check(counts)
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log2(shares))) + 0.0


def entropy_bias(counts: Counts) -> float:
    """Return by how many bit `entropy` of so few tokens is expected to be too low.

    Miller 1955, "Note on the bias of information estimates": (m - 1) / (2 N ln 2) for N tokens of
    m different entries. Entries that were never seen add to it, so it is a lower bound.
    """
    _check(counts)
    return float((np.count_nonzero(counts) - 1) / (2 * counts.sum() * np.log(2)))


def perplexity(counts: Counts) -> float:
    """Return 2^entropy: how many equally used entries would carry as much, 1 to the size."""
    return float(2.0 ** entropy(counts))


def used_share(counts: Counts) -> float:
    """Return the share of entries that occur at all, 0 to 1; it grows with what was counted."""
    _check(counts)
    return float(np.mean(counts > 0))


def chance_agreement(counts: Counts) -> float:
    """Return the share of equal codes of two unrelated recordings, 0 to 1: Σ p² of the entries."""
    _check(counts)
    return float(np.sum((counts / counts.sum()) ** 2))


def count_runs(codes: Any) -> int:
    """Return the runs of equal codes of a level, `[tokens]` or `[streams, tokens]`.

    A run does not reach from one stream into the next.
    """
    rows = np.atleast_2d(check_codes(codes))
    if rows.ndim != 2:
        raise MeasureError(f"codes must be [tokens] or [streams, tokens], got shape {rows.shape}")
    return int(rows.shape[0] * (rows.shape[1] > 0) + np.count_nonzero(rows[:, 1:] != rows[:, :-1]))


def repeat_rate(codes: Any) -> float:
    """Return the share of codes that only repeat the one before them, 1 - runs / tokens.

    Codes of one level, `[tokens]` or `[streams, tokens]`. This is what writing runs as one token
    with a duration saves.
    """
    runs, tokens = count_runs(codes), check_codes(codes).size
    if not tokens:
        raise MeasureError("repeats need at least one code, got none")
    return 1 - runs / tokens


def residual_energy(
    latents: Float[np.ndarray, "frames dim"], decoded: Float[np.ndarray, "levels frames dim"]
) -> Float64[np.ndarray, "_"]:
    """Return the energy of latents, then of what the first n levels leave of them, `[levels + 1]`.

    decoded: what the first n levels stand for, for n = 1, 2, …. Energies of recordings add up.
    """
    if decoded.shape[1:] != latents.shape or not latents.size:
        raise MeasureError(
            f"decoded latents must be [levels, *{latents.shape}] and not empty, "
            f"got shape {decoded.shape}"
        )
    left = latents.astype(np.float64) - np.concatenate([np.zeros_like(decoded[:1]), decoded])
    energies: np.ndarray = np.square(left).sum(axis=(1, 2))
    if not np.isfinite(energies).all():
        raise MeasureError("latents hold NaN or infinite values; leave this recording out")
    return energies


def residual_db(energies: Float[np.ndarray, "_"]) -> Float64[np.ndarray, "_"]:
    """Return in dB what the first n levels leave of the latent's energy, `[levels]`.

    energies: of the latent, then of what is left after each level, as `residual_energy` gives them.
    """
    if energies.size < 2 or not energies[0] > 0 or not np.all(energies >= 0):
        raise MeasureError("energies must be those of a latent that is not 0, then of residuals")
    with np.errstate(divide="ignore"):  # nothing left is -inf dB
        found: np.ndarray = 10 * np.log10(energies[1:].astype(np.float64) / energies[0])
    return found


def check_codes(codes: Any) -> np.ndarray:
    """Return codes (array, list or tensor) as an array of integers; MeasureError for others."""
    try:
        array = to_numpy(codes)
    except (TypeError, ValueError) as error:
        raise MeasureError(f"codes are not an array of integers: {error}") from error
    if array.dtype.kind not in "iu":
        raise MeasureError(f"codes must be integers, got {array.dtype}")
    return array


def _check(counts: Counts) -> None:
    if counts.size == 0 or counts.min() < 0 or counts.sum() == 0:
        raise MeasureError("counts must be one or more, not negative and not all zero")
