"""The positional convolution in checkpoints: weight-normed over its taps, under three names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.weights import ROUNDING

CONV = "encoder.pos_conv_embed.conv"
# gain and direction: torch's parametrisation since 2.0, and what was before
_HALVES = (
    (f"{CONV}.parametrizations.weight.original0", f"{CONV}.parametrizations.weight.original1"),
    (f"{CONV}.weight_g", f"{CONV}.weight_v"),
)
Shapes = Mapping[str, tuple[int, ...]]


def weight_key(keys: Mapping[str, object]) -> str:
    """Return the key whose shape is the weight's; ModelError where there is none.

    Loaders that know one name only give the convolution random weights and go on.
    """
    for key in (*(direction for _, direction in _HALVES), f"{CONV}.weight"):
        if key in keys:
            return key
    raise ModelError(
        "checkpoint lacks its positional convolution (encoder.pos_conv.0.weight_v or "
        f"{CONV}.parametrizations.weight.original1), without which its features are noise; fetch "
        "it again"
    )


@dataclass(frozen=True)
class Taps:
    """The plain weight for its gain and direction."""

    def read(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Fuse, `g[k] v[:, :, k] / ‖v[:, :, k]‖`, in double precision.

        A gain that is ‖v‖ as fp32 holds it gives v, bit for bit. ModelError for one half without
        the other, and for a norm that is not over the taps.
        """
        weight_key(tensors)
        found = dict(tensors)
        for gain, direction in _HALVES:
            if gain not in tensors and direction not in tensors:
                continue
            if gain not in tensors or direction not in tensors:
                here = gain if gain in tensors else direction
                raise ModelError(f"checkpoint has {here} without its other half; fetch it again")
            found[f"{CONV}.weight"] = _fused(found.pop(gain), found.pop(direction))
        return found

    def write(self, tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
        """Part again, into halves that fuse to the same weight."""
        found = dict(tensors)
        weight = found.pop(f"{CONV}.weight")
        gain, direction = _HALVES[0]
        norm = torch.linalg.vector_norm(weight.double(), dim=(0, 1), keepdim=True).float()
        found[gain] = norm
        found[direction] = torch.where(norm == 0, torch.ones_like(weight), weight)
        return found


def _fused(gain: Tensor, direction: Tensor) -> Tensor:
    taps = (1, 1, direction.shape[-1])
    if direction.dim() != 3 or gain.shape != taps:
        raise ModelError(
            f"checkpoint has a gain of shape {list(gain.shape)} for its positional convolution of "
            f"shape {list(direction.shape)}; it is one for each tap, {list(taps)}"
        )
    v, factor = direction.double(), gain.double()
    norm = torch.linalg.vector_norm(v, dim=(0, 1), keepdim=True)
    weight = torch.where((factor - norm).abs() <= ROUNDING * norm, v, factor * v / norm)
    return weight.to(torch.promote_types(direction.dtype, torch.float32))
