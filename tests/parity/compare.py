"""Compare our codec with a reference, and note how far they lie apart.

Latents are rows, `[batch, frames, dim]`, sound is `[batch, channels, samples]`, as ours are.
"""

from __future__ import annotations

import json
import os

from torch import Tensor

from vocable.quantize import LevelCodes, Quantizer
from vocable.testing import check_codes_agree
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

MOST_TIES = 1000  # one frame in so many may tie


def compare_latents(got: Tensor, wanted: Tensor, atol: float = WHOLE_CODEC) -> float:
    """Refuse latents that differ by more than `atol` of max(1, peak); return the difference."""
    check_rows_equal("latent", got, wanted, atol=atol)
    return _apart(got, wanted)


def compare_samples(got: Tensor, wanted: Tensor, atol: float = WHOLE_CODEC) -> float:
    """Refuse sound that differs by more than `atol` of max(1, peak); return the difference."""
    assert not wanted.numel() or float(wanted.abs().max()) > 1e-3, "the reference is silent"
    check_rows_equal("sound", got, wanted, atol=atol, axis=2)
    return _apart(got, wanted)


def compare_codes(
    quantizer: Quantizer, z: Tensor, codes: LevelCodes, other_z: Tensor, other: LevelCodes
) -> int:
    """Refuse codes that differ but for ties; return how many frames tie.

    z, codes: ours. other_z, other: the reference's latents and codes. At most 1 frame in 1000
    may tie (and always one).
    """
    ties = check_codes_agree(quantizer, z, codes, other_z, other)
    frames = z.shape[0] * z.shape[1]
    assert ties <= max(1, frames // MOST_TIES), f"{ties} of {frames} frames tie"
    return ties


def record(
    codec: str,
    *,
    size: str,
    reference: str,
    latents: float | None = None,
    samples: float | None = None,
    frames: int = 0,
    ties: int = 0,
) -> None:
    """Note a comparison for the table of `benchmarks.parity`, where that runs the tests.

    codec: with its variant, as "EnCodec 24 kHz". size: "toy" or "published". reference: the peer.
    latents, samples: largest differences, where compared. frames: of codes; ties: among them.
    """
    path = os.environ.get("VOCABLE_PARITY_REPORT")
    if not path:
        return
    line = {
        "codec": codec, "size": size, "reference": reference,
        "latents": latents, "samples": samples, "frames": frames, "ties": ties,
    }  # fmt: skip
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _apart(got: Tensor, wanted: Tensor) -> float:
    """Return the largest difference, relative to max(1, peak)."""
    if not wanted.numel():
        return 0.0
    peak = max(1.0, float(wanted.abs().max()))
    return float((got.double() - wanted.double()).abs().max()) / peak
