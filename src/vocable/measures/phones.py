"""Say how well tokens tell phones apart, by how often each goes with each.

Phone purity, cluster purity and phone-normalised mutual information, Hsu et al. 2021 ("HuBERT",
arXiv 2106.07447). All three grow with the codebook, and with how few tokens there are: an alignment
that means nothing has a purity too. `shuffled` says which; give it beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Float64, Int64, Integer

from vocable.arrays import to_numpy
from vocable.errors import MeasureError
from vocable.measures.tokens import check_codes, entropy

PhoneSpan: TypeAlias = tuple[float, float, str]
"""A start and an end in seconds, and what is said between them."""

Joint = Integer[np.ndarray, "phones entries"]


def labels_at(spans: Sequence[PhoneSpan], times: Float[np.ndarray, "tokens"]) -> np.ndarray:
    """Return the label of the span that holds each time in seconds, "" where none does.

    A span holds its start and not its end. Raises MeasureError for spans that end before they
    start, and for spans out of order or that overlap.
    """
    starts = np.array([span[0] for span in spans], np.float64)
    ends = np.array([span[1] for span in spans], np.float64)
    _check_spans(spans, starts, ends)
    labels = np.array([*(span[2] for span in spans), ""])
    found = np.searchsorted(starts, times, "right") - 1
    inside = (found >= 0) & (times < np.append(ends, 0.0)[found])
    return labels[np.where(inside, found, len(spans))]


def check_within(spans: Sequence[PhoneSpan], seconds: float) -> None:
    """Refuse spans of which some begins behind the end of its recording.

    They are of another recording, or in another unit than seconds. MeasureError.
    """
    late = [span for span in spans if span[0] >= seconds]
    if late:
        raise MeasureError(
            f"{len(late)} of {len(spans)} phones begin behind its end at {seconds:.2f} s, the "
            f"first at {late[0][0]:g} s; state them in seconds from where the recording begins"
        )


def spans_of(labels: Sequence[str], period: float | int) -> tuple[PhoneSpan, ...]:
    """Return labels of which one follows every `period` seconds as spans."""
    return tuple((i * period, (i + 1) * period, label) for i, label in enumerate(labels))


def _check_spans(
    spans: Sequence[PhoneSpan],
    starts: Float64[np.ndarray, "spans"],
    ends: Float64[np.ndarray, "spans"],
) -> None:
    bad = ~(starts < ends)  # NaN too
    bad[1:] |= starts[1:] < ends[:-1] - 1e-6  # written with few digits, neighbours may overlap
    if bad.any():
        first = int(bad.argmax())
        raise MeasureError(
            f"spans must be in order and end after they start, got {tuple(spans[first])} "
            f"as number {first}"
        )


def count_pairs(labels: Any, codes: Any, size: int | None = None) -> Int64[np.ndarray, "_ _"]:
    """Return how often each label goes with each code, `[labels, entries]`, labels in their order.

    labels: one of each token, of any type that sorts; those that are "" are left out. codes:
    integers below `size` (left out: as many columns as the highest needs), `[tokens]` both.
    """
    names, codes = _as_labels(labels), check_codes(codes)
    if names.shape != codes.shape or codes.ndim != 1:
        raise MeasureError(
            f"labels and codes must be one each of every token, [tokens], got shapes {names.shape} "
            f"and {codes.shape}"
        )
    kept = names != "" if names.dtype.kind in "US" else np.ones(names.shape, bool)
    names, codes = names[kept], codes[kept]
    if not codes.size:
        raise MeasureError("no token has a label; give those of the recording that was encoded")
    size = int(codes.max()) + 1 if size is None else size
    if codes.min() < 0 or codes.max() >= size:
        wrong = codes[(codes < 0) | (codes >= size)][0]
        raise MeasureError(f"codes must lie in 0 to {size - 1}, got {wrong}")
    rows = np.unique(names, return_inverse=True)[1]
    count = int(rows.max()) + 1
    cells = np.bincount(rows * size + codes, minlength=count * size)
    return cells.reshape(count, size).astype(np.int64)


def phone_purity(joint: Joint) -> float:
    """Return the share of tokens with the commonest phone of their code, 0 to 1.

    That is how often the phone is guessed right from the code. At least the share of the commonest
    phone; 1 if every token has a code of its own.
    """
    _check(joint)
    return float(joint.max(axis=0).sum() / joint.sum())


def cluster_purity(joint: Joint) -> float:
    """Return the share of tokens with the commonest code of their phone, 0 to 1.

    It falls as codebooks grow, since phones then spread over several entries.
    """
    _check(joint)
    return float(joint.max(axis=1).sum() / joint.sum())


def pnmi(joint: Joint) -> float:
    """Return the share of the phones' entropy that the codes tell, I(phone; code) / H(phone).

    Phone-normalised mutual information, 0 (the code says nothing of the phone) to 1. Undefined for
    a single phone.
    """
    _check(joint)
    phones, codes = joint.sum(axis=1), joint.sum(axis=0)
    whole = entropy(phones)
    if whole == 0:
        raise MeasureError("PNMI needs two phones or more, got one")
    told = whole + entropy(codes) - entropy(joint.reshape(-1))
    return max(0.0, told / whole)


def shuffled(joint: Joint, seed: int = 0) -> Int64[np.ndarray, "phones entries"]:
    """Return the counts of the same phones and the same codes, drawn together at random.

    What purity and PNMI say of them, they say of nothing: chance, and too few tokens.
    """
    _check(joint)
    phones = np.repeat(np.arange(joint.shape[0]), joint.sum(axis=1))
    codes = np.repeat(np.arange(joint.shape[1]), joint.sum(axis=0))
    drawn = np.random.default_rng(seed).permutation(codes)
    cells = np.bincount(phones * joint.shape[1] + drawn, minlength=joint.size)
    return cells.reshape(joint.shape).astype(np.int64)


def _as_labels(labels: Any) -> np.ndarray:
    try:
        return to_numpy(labels)
    except (TypeError, ValueError) as error:
        raise MeasureError(f"labels are not an array of one a token: {error}") from error


def _check(joint: Joint) -> None:
    if joint.size == 0 or joint.min() < 0 or joint.sum() == 0:
        raise MeasureError("joint counts must be [phones, entries], not negative and not all zero")
