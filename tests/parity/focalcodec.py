"""FocalCodec and FocalCodec-Stream as their repository has them, at any size, run and written.

VOCABLE_CHECKOUTS names a folder with a clone of github.com/lucadellalib/focalcodec, `focalcodec`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.parity.peers import checkout
from tests.parity.randomise import randomise

PACKAGE = checkout("focalcodec", "focalcodec")["focalcodec"]
CHUNK = 1280  # samples of a chunk of the stream
_SPEECH = {
    "hidden_dims": [6] * 7, "num_layers": 2, "dim": 16, "ffn_dim": 24, "num_heads": 2,
    "num_buckets": 8, "max_distance": 12, "conv_pos": 6, "conv_pos_groups": 2,
}  # fmt: skip
_FOCAL = {"focal_window": 3, "focal_level": 2, "focal_factor": 2}
_PAST = {"causal": True, "window_size": 12, "lookahead_size": 3}
_PUBLISHED = {"focal_window": 7, "focal_level": 2, "focal_factor": 2}  # and in the stream 14, 2, 4
NOW_AND_THEN = (
    (r"^(compressor\.layers\.\d+)\.downscale\.", r"\1.0."),
    (r"^(compressor\.layers\.\d+)\.focal_block\.", r"\1.1."),
    (r"^(decompressor\.layers\.\d+)\.focal_block\.", r"\1.0."),
    (r"^(decompressor\.layers\.\d+)\.upscale\.", r"\1.1."),
)  # names of keys, and what they were in version 0.0.1


def config(kind: str, *, toy: bool) -> dict[str, Any]:
    """Return what config.json says of a kind, "whole" or "stream"."""
    if kind == "stream":
        return _stream_config(toy)
    widths, factors, focal = ([12, 10], [2, 1], _FOCAL) if toy else (
        [1024, 512, 256], [2, 1, 1], _PUBLISHED
    )  # fmt: skip
    dim, bits = (16, 5) if toy else (1024, 13)
    return {
        "encoder_config": _SPEECH if toy else {},
        "compressor_config": {
            "input_dim": dim, "output_dim": bits, "hidden_dims": widths,
            "downscale_factors": factors, **focal,
        },
        "quantizer_config": {"codebook_size": 1 << bits},
        "decompressor_config": {
            "input_dim": bits, "output_dim": dim, "hidden_dims": widths[::-1],
            "upscale_factors": factors[::-1], **focal,
        },
        "decoder_name": "Vocos",
        "decoder_config": {
            "input_dim": dim, **({"num_layers": 2, "dim": 12, "ffn_dim": 20} if toy else {}),
            "n_fft": 640 if toy else 1024, "hop_length": 320,
        },
    }  # fmt: skip


def _stream_config(toy: bool) -> dict[str, Any]:
    if not toy:
        causal = {"causal": True}
        return {f"{part}_config": dict(causal) for part in
                ("encoder", "compressor", "decompressor", "decoder")}  # fmt: skip
    focal = {**_FOCAL, "causal": True, "window_size": 9}
    return {
        "encoder_config": {**_SPEECH, **_PAST},
        "compressor_config": {
            "input_dim": 16, "output_dim": 5, "hidden_dims": [12, 10], "downscale_factors": [1, 1],
            **focal,
        },
        "quantizer_config": {"codebook_size": 32},
        "decompressor_config": {
            "input_dim": 5, "output_dim": 16, "hidden_dims": [10, 12], "upscale_factors": [1, 1],
            "last_window_size": 7, "lookahead_size": 3, **focal,
        },
        "decoder_config": {
            "input_dim": 16, "num_layers": 2, "dim": 12, "ffn_dim": 24, "hop_length": 480,
            "causal": True,
        },
    }  # fmt: skip


def reference(kind: str, *, toy: bool = True) -> nn.Module:
    """Return the network with the weights that it is made with, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = PACKAGE.FocalCodec(**config(kind, toy=toy)).eval()
    return model


def random_reference(kind: str, *, toy: bool = True) -> nn.Module:
    """Return the network with random weights."""
    made = reference(kind, toy=toy)
    model = randomise(made, seed=1, run=lambda m, x: m(x[:, 0]), samples=8000, books=False)
    model.load_state_dict(model.state_dict())  # it keeps the biases of its positions until then
    return model


def write(model: Any, folder: Path) -> Path:
    """Write a model as its package does, under the names that the hub has."""
    folder.mkdir(parents=True, exist_ok=True)
    model.to_pretrained(str(folder / "model.json"))
    (folder / "model.json").rename(folder / "config.json")
    return folder / "model.safetensors"


def latents(model: Any, x: Tensor) -> Tensor:
    """Return what is quantized of recordings `[B, 1, T]`, in the stream chunk by chunk.

    Of others the silence is added that makes whole frames, and fills the last window.
    """
    if not model.causal:
        frame = model.encoder.downsample_factor * model.compressor.downsample_factor
        found: Tensor = model.sig_to_lats(F.pad(x[:, 0], (0, -x.shape[2] % frame + 80)))
        return found
    parts, hearing, pressing = [], (), ()
    for piece in torch.split(x[:, 0], CHUNK, 1):
        z, hearing, pressing = model.sig_to_lats(piece, hearing, pressing, return_state=True)
        parts.append(z)
    return torch.cat(parts, 1)


def codes(model: Any, x: Tensor) -> Tensor:
    """Return their tokens, `[B, F]`."""
    found: Tensor = model.lats_to_toks(latents(model, x))
    return found


def decoded(model: Any, tokens: Tensor) -> Tensor:
    """Return the sound of tokens, `[B, 1, T]`."""
    found: Tensor = model.toks_to_sig(tokens)
    return found[:, None]


def of_first_version(model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a model of whole recordings as version 0.0.1 wrote them."""
    found: dict[str, Tensor] = {"quantizer.mask": torch.tensor([4, 2, 1])}
    for key, value in model.state_dict().items():
        for pattern, instead in NOW_AND_THEN:
            key = re.sub(pattern, instead, key)
        if "qkv_proj" not in key:
            found[key] = value.contiguous()
            continue
        for part, own in zip("qkv", value.chunk(3), strict=True):
            found[key.replace("qkv", part)] = own.clone()
    return found
