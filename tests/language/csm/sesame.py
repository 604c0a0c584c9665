"""Sesame's model as its own code and torchtune compute it, from the tensors of its own files.

Written from `models.py` of csm and torchtune's Llama: masks beside ids, pairs of neighbouring
channels, turns slowed by 32 beyond 8192 rows. Whole, without caches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

Tensors = Mapping[str, Tensor]


def backbone(tensors: Tensors, ids: Tensor, mask: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """Return hidden states and logits of codebook 0 for `ids` `[batch, time, levels + 1]`."""
    levels, size = ids.shape[-1] - 1, tensors["audio_head"].shape[-1]
    audio = ids[..., :-1] + size * torch.arange(levels)
    embedded = torch.cat(
        (
            tensors["audio_embeddings.weight"][audio],
            tensors["text_embeddings.weight"][ids[..., -1:]],
        ),
        -2,
    )
    hidden = _decoder(tensors, "backbone", (embedded * mask[..., None]).sum(-2), heads)
    return hidden, hidden @ tensors["codebook0_head.weight"].T


def depth(tensors: Tensors, last: Tensor, frames: Tensor, heads: int) -> Tensor:
    """Return logits of all codebooks but the first, `[frames, levels - 1, size]`."""
    size = tensors["audio_head"].shape[-1]
    offsets = size * torch.arange(frames.shape[1] - 1)
    known = tensors["audio_embeddings.weight"][frames[:, :-1] + offsets]
    x = torch.cat((last[:, None], known), 1) @ tensors["projection.weight"].T
    hidden = _decoder(tensors, "decoder", x, heads)[:, 1:]
    return torch.einsum("flw,lws->fls", hidden, tensors["audio_head"])


def _decoder(tensors: Tensors, part: str, x: Tensor, heads: int) -> Tensor:
    layers = sum(key.startswith(f"{part}.") and key.endswith("sa_norm.scale") for key in tensors)
    for layer in range(layers):
        name = f"{part}.layers.{layer}"
        own = {
            k.removeprefix(name + "."): v for k, v in tensors.items() if k.startswith(name + ".")
        }
        x = x + _attention(own, _norm(x, own["sa_norm.scale"]), heads)
        inner = _norm(x, own["mlp_norm.scale"])
        gate = F.silu(inner @ own["mlp.w1.weight"].T)
        x = x + (gate * (inner @ own["mlp.w3.weight"].T)) @ own["mlp.w2.weight"].T
    return _norm(x, tensors[f"{part}.norm.scale"])


def _norm(x: Tensor, scale: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * scale


def _attention(own: Tensors, x: Tensor, heads: int) -> Tensor:
    batch, time, width = x.shape
    q, k, v = (
        (x @ own[f"attn.{each}_proj.weight"].T).view(batch, time, -1, width // heads)
        for each in "qkv"
    )
    q, k = _turned(q), _turned(k)
    shared = heads // k.shape[2]
    k, v = k.repeat_interleave(shared, 2), v.repeat_interleave(shared, 2)
    scores = torch.einsum("bqhc,bkhc->bhqk", q, k) / math.sqrt(width // heads)
    causal = torch.ones(time, time, dtype=torch.bool).tril()
    weights = scores.masked_fill(~causal, -torch.inf).softmax(-1)
    found = torch.einsum("bhqk,bkhc->bqhc", weights, v).flatten(2)
    return found @ own["attn.output_proj.weight"].T


def _turned(x: Tensor) -> Tensor:
    """Turn channels 2i and 2i + 1 together."""
    width = x.shape[-1]
    pace = torch.tensor([_pace(500_000.0 ** (-2 * pair / width)) for pair in range(width // 2)])
    angles = torch.arange(x.shape[1])[:, None] * pace
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2)


def _pace(frequency: float) -> float:
    wavelength = math.tau / frequency
    if wavelength < 8192 / 4:
        return frequency
    if wavelength > 8192 / 1:
        return frequency / 32
    smooth = (8192 / wavelength - 1) / (4 - 1)
    return (1 - smooth) * frequency / 32 + smooth * frequency
