"""Compare features and units of a recording with those that were published.

Features may differ by the laws' tolerance, 1e-4 of the largest value. A frame whose unit differs is
a near tie where a difference of that size in every channel can exchange the two centres: where
their squared distances lie apart by no more than `2 · ‖Δz‖ · ‖e_a - e_b‖`. Near ties are counted,
and at most 1 frame in 1000 may be one, or a single one.
"""

from __future__ import annotations

import math

import numpy as np

from vocable.audio import Audio
from vocable.testing.compare import WHOLE_CODEC
from vocable.testing.golden_units import GoldenFeatures, GoldenUnits
from vocable.units import Centres, FeatureEncoder


def check_features(encoder: FeatureEncoder, audio: Audio, golden: GoldenFeatures) -> str:
    """Compare features with published ones, and say how far they lie apart at most."""
    (rows,) = encoder.features(audio, layer=golden.layer)
    if rows.shape != golden.shape:
        raise AssertionError(f"{rows.shape[0]} frames of {rows.shape[1]}, wanted {golden.shape}")
    ends = [row[: len(given)] for row, given in ((rows[0], golden.first), (rows[-1], golden.last))]
    got = np.array([rows.mean(dtype=np.float64), rows.std(dtype=np.float64), np.abs(rows).max()])
    apart = np.abs(np.concatenate([got, *ends]) - golden.numbers())
    allowed = WHOLE_CODEC * max(1.0, golden.largest)
    if not float(apart.max()) <= allowed:
        raise AssertionError(
            f"layer {golden.layer} differs from the published features by up to "
            f"{apart.max():.2e}, allowed {allowed:.1e}"
        )
    return (
        f"layer {golden.layer}, {rows.shape[0]} frames: mean, deviation, peak and {len(apart) - 3} "
        f"values within {apart.max():.1e} of those published"
    )


def check_units(
    encoder: FeatureEncoder, centres: Centres, audio: Audio, golden: GoldenUnits
) -> str:
    """Compare units with published ones, and say how many are equal and how many tie."""
    (rows,) = encoder.features(audio, layer=centres.origin.layer)
    units, wanted = centres.units(rows)[0], np.array(golden.units)
    if len(units) != len(wanted):
        raise AssertionError(f"{len(units)} units, wanted {len(wanted)}")
    table = centres.blocks[0].double().numpy()
    frames = np.flatnonzero(units != wanted)
    for frame in frames:
        distance = tie_distance(rows[frame], table[units[frame]], table[wanted[frame]])
        if not distance <= 1:
            raise AssertionError(
                f"frame {frame} is unit {units[frame]}, published {wanted[frame]}, whose centre is "
                f"further by {distance:.3g} times what a difference of rounding explains; "
                f"{len(frames)} of {len(units)} differ"
            )
    if len(frames) > max(1, len(units) // 1000):
        raise AssertionError(f"{len(frames)} of {len(units)} frames tie, at most 1 in 1000 may")
    return f"{len(units) - len(frames)} of {len(units)} equal, {len(frames)} near ties"


def tie_distance(row: np.ndarray, chosen: np.ndarray, other: np.ndarray) -> float:
    """Return how far two centres are from a tie: at most 1 if the laws' tolerance explains it."""
    z = row.astype(np.float64)
    gap = abs(float(((z - other) ** 2).sum() - ((z - chosen) ** 2).sum()))
    moved = WHOLE_CODEC * max(1.0, float(np.abs(z).max())) * math.sqrt(len(z))
    return gap / max(2 * moved * float(np.linalg.norm(chosen - other)), 1e-300)
