"""Whether torch can compute on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vocable.errors import ModelError

if TYPE_CHECKING:
    import torch


def check_device(device: str | torch.device | None) -> None:
    """Refuse a device that torch cannot use here, in torch's words; it has many ways to say so.

    None is the CPU, which it can.
    """
    if device is None:
        return
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        reason = reason.split(". ")[0].rstrip(".")
        raise ModelError(f"device {device} cannot be used here ({reason}); try cpu") from error
