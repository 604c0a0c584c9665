"""Conv-TasNet as asteroid saves it: model_name, model_args and state_dict in one file.

Its norms are called gLN (global), cgLN (cumulative) and cLN (of each frame by itself). Asteroid
leaves out the frames that begin within the last window; here they see zeros, as those of asteroid
do of a recording with `kernel_size - stride` zeros behind it. What it gives has whatever level its
loss left it (`consistent` is off).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

_FILTERS, _FIRST = "encoder.filterbank._filters", "masker.TCN.0.shared_block.0.weight"
_NORMS: Mapping[str, Literal["global", "cumulative", "frame"]] = {
    "gLN": "global",
    "cgLN": "cumulative",
    "cLN": "frame",
}
_KNOWN: Mapping[str, tuple[Any, ...]] = {  # arguments of which not every value is
    "fb_name": ("free", "FreeFB"),
    "norm_type": tuple(_NORMS),
    "mask_act": ("sigmoid", "relu"),
    "encoder_activation": (None, "linear", "relu"),
}
_SIZES = {
    "speakers": "n_src", "filters": "n_filters", "window": "kernel_size", "stride": "stride",
    "bottleneck": "bn_chan", "skip": "skip_chan", "hidden": "hid_chan",
    "kernel": "conv_kernel_size", "blocks": "n_blocks", "repeats": "n_repeats",
}  # fmt: skip
_DEFAULTS = {
    "fb_name": "free", "norm_type": "gLN", "mask_act": "sigmoid", "encoder_activation": None,
    "causal": False, "n_filters": 512, "kernel_size": 16, "stride": 8, "bn_chan": 128,
    "skip_chan": 128, "hid_chan": 512, "conv_kernel_size": 3, "n_blocks": 8, "n_repeats": 3,
}  # fmt: skip


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what asteroid's Conv-TasNet states, or None; ModelError for what is not read here."""
    if _FILTERS not in checkpoint.shapes or _FIRST not in checkpoint.shapes:
        return None
    stated = checkpoint.stated.get("model_args")
    if not isinstance(stated, Mapping):
        raise ModelError(
            "weights of asteroid's Conv-TasNet without model_args; take its whole file"
        )
    given = _DEFAULTS | dict(stated)
    for name, known in _KNOWN.items():
        if given[name] not in known:
            raise ModelError(f"{name} is {given[name]!r}; known: {', '.join(map(str, known))}")
    if given.get("out_chan") not in (None, given["n_filters"]):
        raise ModelError(f"out_chan is {given['out_chan']}; wanted n_filters, {given['n_filters']}")
    sizes = {ours: _whole(theirs, given.get(theirs)) for ours, theirs in _SIZES.items()}
    norm = _NORMS[given["norm_type"]]
    if given["causal"] and norm == "global":  # asteroid takes the other one
        norm = "frame"
    return Recognised("conv-tasnet", "asteroid", "conv-tasnet", {
        **sizes,
        "rate": _whole("sample_rate", given.get("sample_rate")),
        "norm": norm,
        "causal": bool(given["causal"]),
        "mask": given["mask_act"],
        "rectified": given["encoder_activation"] == "relu",
        "consistent": False,
    })  # fmt: skip


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the weights by our keys."""
    import torch

    from vocable import weights
    from vocable.nn.transposed import from_torch

    stride = int(recognised.config["stride"])
    tensors = weights.rename(checkpoint.tensors(), [
        weights.Row(r"encoder\.filterbank\._filters", "encoder.weight"),
        weights.Row(
            r"decoder\.filterbank\._filters", "decoder.weight", lambda w: from_torch(w, stride)
        ),
        *_norm(r"masker\.bottleneck\.0", "entry.blocks.0"),
        *_map(r"masker\.bottleneck\.1", "entry.blocks.1"),
        *_map(rf"{_UNIT}\.shared_block\.0", r"units.\1.blocks.0"),
        *_norm(rf"{_UNIT}\.shared_block\.([25])", r"units.\1.blocks.\2"),
        weights.Row(rf"{_UNIT}\.shared_block\.([14])\.weight", r"units.\1.blocks.\2.weight"),
        weights.Row(
            rf"{_UNIT}\.shared_block\.3\.(?:0\.)?(weight|bias)", r"units.\1.blocks.3.\2"
        ),
        *_map(rf"{_UNIT}\.res_conv", r"units.\1.blocks.6.residual"),
        *_map(rf"{_UNIT}\.skip_conv", r"units.\1.blocks.6.skip"),
        weights.Row(r"masker\.mask_net\.0\.weight", "head.blocks.0.weight"),
        *_map(r"masker\.mask_net\.1", "head.blocks.1"),
    ])  # fmt: skip
    for key in [key for key in tensors if ".skip." in key]:
        residual = tensors.pop(key.replace(".skip.", ".residual."), None)
        if residual is None:
            raise ModelError(f"checkpoint has {key} without its residual; fetch it again")
        tensors[key.replace(".skip.", ".")] = torch.cat((residual, tensors.pop(key)))
    return tensors


_UNIT = r"masker\.TCN\.(\d+)"


def _norm(pattern: str, name: str) -> list[Any]:
    from vocable.weights import Row

    return [
        Row(rf"{pattern}\.gamma", f"{name}.weight"),
        Row(rf"{pattern}\.beta", f"{name}.bias"),
    ]


def _map(pattern: str, name: str) -> list[Any]:
    """Return the rows of a convolution of one row, which is a map of each."""
    from vocable.weights import Row

    return [
        Row(rf"{pattern}\.weight", f"{name}.weight", lambda weight: weight[..., 0]),
        Row(rf"{pattern}\.bias", f"{name}.bias"),
    ]


def _whole(name: str, value: Any) -> int:
    """Return a size or rate that is stated; ModelError for anything but a whole number.

    Files without skip connections say 0 or None.
    """
    if isinstance(value, int | float) and math.isfinite(value) and value == int(value) > 0:
        return int(value)
    raise ModelError(f"model_args says {name} = {value!r}; wanted a whole number above 0")
