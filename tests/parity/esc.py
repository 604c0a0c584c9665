"""Build ESC's own network at any size, run it, and write it as its authors do.

Its repository is no package: VOCABLE_CHECKOUTS names a folder with a clone of it,
`efficient-speech-codec`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parity.peers import checkout, stand_ins
from tests.parity.randomise import randomise, sound

PUBLISHED = {"esc_base": {"codebook_dims": [32, 32, 16, 12, 8, 6]}, "esc_large": {"swin_depth": 4}}
TOY = dict(
    in_freq=24, h_dims=[6, 12, 12, 24], max_streams=4, win_len=28, hop_len=8, sr=1000,
    patch_size=[3, 2], swin_heads=[2, 3, 4], swin_depth=3, window_size=4, mlp_ratio=2.0,
    overlap=2, group_size=3, codebook_size=32, codebook_dims=[6, 5, 4, 4],
)  # fmt: skip
YAML = """data:
    train_bs_per_device: 9

model_name: csvq+swinT
model:
    backbone: transformer
    in_dim: 2
    in_freq: {in_freq}
    h_dims: {h_dims}
    max_streams: {max_streams}
    win_len: {win_len}
    hop_len: {hop_len}
    sr: {sr}
    patch_size: {patch_size}
    swin_heads: {swin_heads}
    swin_depth: {swin_depth}
    window_size: {window_size}
    mlp_ratio: {mlp_ratio}
    overlap: {overlap}
    group_size: {group_size}
    codebook_size: {codebook_size}
    codebook_dims: {codebook_dims}
    l2norm: True

loss:
    stft_weight: 1.0
"""


class Spectra(nn.Module):
    """What torchaudio's Spectrogram and InverseSpectrogram are as ESC makes them."""

    def __init__(self, size: int, taper: int, hop: int, *, back: bool) -> None:
        super().__init__()
        self.sizes, self.back = (size, hop, taper), back
        self.register_buffer("window", torch.hann_window(taper))

    def forward(self, x: Tensor) -> Tensor:
        """Transform `[B, T]`, or spectra back to it."""
        if self.back:
            return torch.istft(x, *self.sizes, self.window)
        return torch.stft(x, *self.sizes, self.window, return_complex=True)


def package() -> ModuleType:
    """Return its module of models; of timm, which it imports, two small functions stand in."""
    layers = ModuleType("timm.models.layers")
    layers.trunc_normal_ = lambda x, std: x  # its weights are drawn anew
    layers.to_2tuple = lambda x: (x, x)
    with pytest.MonkeyPatch.context() as patch, stand_ins(("audiotools",)):
        for name in ("timm", "timm.models"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setitem(sys.modules, "timm.models.layers", layers)
        return checkout("efficient-speech-codec", "esc.models.codecs")["esc.models.codecs"]


def reference(seed: int, **sizes: Any) -> nn.Module:
    """Return the network with random weights, in evaluation mode, and its `sizes`."""
    model = package().ESC(**sizes)
    at = {"in_freq": 192, "win_len": 20, "hop_len": 5, "sr": 16_000} | sizes
    size = 2 * (at["in_freq"] - 1)
    taper, hop = (at[name] * at["sr"] // 1000 for name in ("win_len", "hop_len"))
    model.ft, model.ift = (Spectra(size, taper, hop, back=back) for back in (False, True))
    randomise(model, seed, run=run, samples=9600, books=False)
    _fill(model, sound(9600, seed=seed), torch.Generator().manual_seed(seed))
    return model


@torch.no_grad()
def _fill(model: Any, x: Tensor, generator: torch.Generator) -> None:
    """Spread the entries of each codebook, of many lengths, as what it is asked for."""

    def fill(book: Any, rows: Tensor) -> Tensor:
        rows, shape = rows.flatten(0, 1), book.embedding.weight.shape
        lengths = (0.3 * torch.randn(shape[0], 1, generator=generator)).exp()
        noise = torch.randn(shape, generator=generator)
        book.embedding.weight.copy_(rows.mean(0) + lengths * rows.std(0) * noise)
        return type(book).encode(book, rows[None]).view(len(x), -1)

    books = [book for vq in model.quantizers for book in vq.vqs]
    for book in books:
        book.encode = partial(fill, book)
    codes(model, x)
    for book in books:
        del book.encode


def latents(model: Any, x: Tensor) -> Tensor:
    """Return the features with half of all bands as they are quantized, `[B, F, dim]`."""
    features = model.encoder(model.spec_transform(x[:, 0]))[0][1]
    vq = model.quantizers[-1]
    rows = features.unflatten(1, (vq.in_freq, -1)).permute(0, 2, 3, 1).flatten(2)
    return rows.unflatten(1, (-1, vq.overlap)).flatten(2)


def codes(model: Any, x: Tensor) -> Tensor:
    """Return `[B, levels, F]`."""
    return model.encode(x[:, 0], model.max_streams)[0].flatten(1, 2)


def decoded(model: Any, found: Tensor) -> Tensor:
    """Return the sound `[B, 1, T]` of codes `[B, levels, F]` of whole scales."""
    groups = model.quantizers[0].num_vqs
    shape = (model.quantizers[0].in_freq, found.shape[2] * model.quantizers[0].overlap)
    y: Tensor = model.decode(found.unflatten(1, (-1, groups)), shape)
    return y[:, None]


def run(model: Any, x: Tensor) -> Tensor:
    """Encode and decode."""
    return decoded(model, codes(model, x))


def write(model: nn.Module, folder: Path, sizes: dict[str, Any]) -> Path:
    """Write a checkpoint of its training, and the yaml beside it; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    at = dict(
        in_freq=192, h_dims=[45, 72, 96, 144, 192, 384], max_streams=6, win_len=20, hop_len=5,
        sr=16_000, patch_size=[3, 2], swin_heads=[3, 6, 12, 24, 24], swin_depth=2, window_size=4,
        mlp_ratio=4.0, overlap=2, group_size=3, codebook_size=1024, codebook_dims=[8] * 6,
    )  # fmt: skip
    (folder / "config.yaml").write_text(YAML.format(**(at | sizes)))
    kept = {"step": 40, "model_state_dict": model.state_dict(), "best_perf": 3.0}
    torch.save(kept, folder / "model.pth")
    return folder / "model.pth"
