"""Say whether a device gains from bfloat16: one without units for it computes, but slower."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F

ROWS, WIDTH, TRIES = 512, 512, 5  # of the products that are timed


def why_not(device: torch.device) -> str:
    """Return why bfloat16 does not pay on a device, in a few words; empty where it does.

    On a CPU products are timed, for a few hundredths of a second: a processor without bf16 units
    takes 2 to 60 times as long as for fp32, one with them half of it or less.
    """
    if device.type == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return "" if has else "the device has no bf16 units"
    if device.type != "cpu":
        return ""
    fp32, bf16 = (product_seconds(dtype) for dtype in (torch.float32, torch.bfloat16))
    if bf16 < fp32:
        return ""
    return f"a product takes {bf16 * 1e3:.1f} ms in bf16, {fp32 * 1e3:.1f} ms in fp32"


def product_seconds(dtype: torch.dtype) -> float:
    """Return the seconds of one product of a linear layer on the CPU, the least of some tries."""
    x, weight = (torch.ones(size, WIDTH, dtype=dtype, device="cpu") for size in (ROWS, WIDTH))
    found = []
    for _ in range(TRIES + 1):  # the first one prepares
        begin = time.perf_counter()
        F.linear(x, weight)
        found.append(time.perf_counter() - begin)
    return min(found[1:])
