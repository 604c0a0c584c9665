"""Build Jukebox's own VQ-VAE at any size, run it, and write it as its authors do.

Its repository does not install beside today's torch: VOCABLE_CHECKOUTS names a folder with a clone
of it, `jukebox`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parity.peers import checkout, stand_ins
from tests.parity.randomise import randomise, sound

PUBLISHED: dict[str, Any] = {}
TOY = dict(downs=(2, 1, 1), width=4, depth=2, multipliers=(2, 1, 1), latent=6, size=32)
UNUSED = ("jukebox.utils.audio_utils", "jukebox.utils.logger")  # which ask for librosa and MPI


def package() -> ModuleType:
    """Return its module of the VQ-VAE."""
    with stand_ins(UNUSED):
        return checkout("jukebox", "jukebox.vqvae.vqvae")["jukebox.vqvae.vqvae"]


def reference(
    seed: int,
    *,
    downs: Sequence[int] = (3, 2, 2),
    width: int = 32,
    depth: int = 4,
    multipliers: Sequence[int] = (2, 1, 1),
    latent: int = 64,
    size: int = 2048,
) -> nn.Module:
    """Return the network with random weights, in evaluation mode."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "cuda", lambda x: x)
        model = package().VQVAE(
            (1 << 16, 1), len(downs), list(downs), [2] * len(downs), latent, size, 0.99, 0.02, 0, 1,
            multipliers=list(multipliers), width=width, depth=depth, m_conv=1.0,
            dilation_growth_rate=3, reverse_decoder_dilation=True,
        )  # fmt: skip
    randomise(model, seed, run=_run, samples=12_800, books=False)
    _fill(model, sound(12_800, seed=seed), torch.Generator().manual_seed(seed))
    return model.eval()


def _run(model: Any, x: Tensor) -> None:
    """Run all encoders, and all decoders on what these give."""
    for encoder, decoder in zip(model.encoders, model.decoders, strict=True):
        decoder([encoder(x)[-1]], all_levels=False)


@torch.no_grad()
def _fill(model: Any, x: Tensor, generator: torch.Generator) -> None:
    """Spread the entries of each codebook as what it is asked for."""
    for book, encoder in zip(model.bottleneck.level_blocks, model.encoders, strict=True):
        rows = encoder(x)[-1].transpose(1, 2).flatten(0, 1)
        noise = torch.randn(book.k.shape, generator=generator)
        book.k.copy_(rows.mean(0) + rows.std(0) * noise)


def latents(model: Any, x: Tensor) -> list[Tensor]:
    """Return `[B, tokens, latent]` of each level, coarsest first."""
    return [encoder(x)[-1].transpose(1, 2) for encoder in model.encoders][::-1]


def codes(model: Any, x: Tensor) -> list[Tensor]:
    """Return `[B, tokens]` of each level, coarsest first."""
    found: list[Tensor] = model.encode(x.transpose(1, 2))
    return found[::-1]


def decoded(model: Any, found: Sequence[Tensor]) -> Tensor:
    """Return the sound `[B, 1, T]` of the first levels, coarsest first."""
    start = model.levels - len(found)
    y: Tensor = model.decode(list(found)[::-1], start_level=start)
    return y.transpose(1, 2)


def write(model: nn.Module, folder: Path) -> Path:
    """Write what the authors' training keeps; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model.state_dict(), "step": 7}, folder / "vqvae.pth.tar")
    return folder / "vqvae.pth.tar"
