"""TiCodec as its authors run it: an encoder, a quantizer and a generator, in one file.

Its repository is no package: VOCABLE_CHECKOUTS names a folder with a clone of it, `TiCodec`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from tests.parity.checkpoints import Form, in_form
from tests.parity.peers import checkout, stand_ins
from tests.parity.randomise import randomise, sound

MODULE = "academicodec.models.ticodec.models"
NOT_CALLED = ("matplotlib", "matplotlib.pylab", "yaml")  # what its code imports
PUBLISHED = {
    "resblock": "1",
    "upsample_rates": [8, 5, 4, 2],
    "upsample_kernel_sizes": [16, 11, 8, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "sampling_rate": 24_000,
    "n_code_groups": 1,
    "residul_layer": 2,
    "n_codes": 1024,
    "codebook_loss_lambda": 1.0,
    "commitment_loss_lambda": 0.25,
    "global_code_num": 8,
    "global_feature_conv": [128, 64, 128, 3, 1],
}
# widths that its code fixes: of the first convolution, of a voice, of a frame; and narrower ones
NARROW = {32: 8, 128: 16, 512: 32}
TOY = PUBLISHED | {
    "upsample_rates": [5, 2],
    "upsample_kernel_sizes": [11, 4],
    "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 5],
    "resblock_dilation_sizes": [[1, 2, 3]] * 2,
    "sampling_rate": 8000,
    "n_codes": 32,
    "global_code_num": 4,
    "global_feature_conv": [16, 6, 16, 3, 1],
}
GROUPED = TOY | {"n_code_groups": 2, "residul_layer": 4}


def module() -> ModuleType:
    """Return its module of networks."""
    with stand_ins(NOT_CALLED):
        return checkout("TiCodec", MODULE)[MODULE]


def narrowed(models: ModuleType) -> Any:
    """Return the same code with narrower networks."""
    source = inspect.getsource(models)
    for width, narrow in NARROW.items():
        source = re.sub(rf"\b{width}\b", str(narrow), source)
    names: dict[str, Any] = {"__name__": "narrowed"}
    exec(compile(source, "narrowed", "exec"), names)
    return SimpleNamespace(**names)


class Networks(nn.Module):
    """The three networks, by the code of this module."""

    def __init__(self, models: Any, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = dict(config)
        h = SimpleNamespace(**config)
        self.encoder, self.quantizer = models.Encoder(h), models.Quantizer(h)
        self.generator = models.Generator(h)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents `[B, F, dim]`, codes `[B, levels, F]` and those of the voice."""
        z, voice = self.encoder(x)
        _, _, codes, _, voices = self.quantizer(z, voice)
        rows = [level.reshape(len(x), -1) for level in codes]
        return z.transpose(1, 2), torch.stack(rows, 1), torch.stack(voices, 1)

    def decode(self, codes: Tensor, voice: Tensor) -> Tensor:
        """Return the sound of codes in a voice."""
        z = self.quantizer.embed(codes.transpose(1, 2))
        return self.generator(z, self.quantizer.embed_gst(voice[:, None]).squeeze(-1))

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode whole frames."""
        _, codes, voice = self.encode(x)
        return self.decode(codes, voice)

    def write(self, folder: Path, form: Form = "old") -> Path:
        """Write what its training keeps, and its config; return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: in_form(part.state_dict(), form) for name, part in self.named_children()}
        torch.save(kept, folder / "g_00250000")
        (folder / "config.json").write_text(json.dumps(self.config))
        return folder


def networks(models: Any, config: Mapping[str, Any], seed: int, samples: int) -> Networks:
    """Return networks with random weights, in evaluation mode."""
    made = Networks(models, config)
    generator = torch.Generator().manual_seed(seed)
    norm = made.encoder.GlobalTokenEncoder.fn[2]
    norm.running_mean.copy_(0.2 * torch.randn(norm.running_mean.shape, generator=generator))
    norm.running_var.copy_((0.3 * torch.randn(norm.running_var.shape, generator=generator)).exp())
    randomise(made, seed, samples=samples, books=False)
    with torch.no_grad(), _filled(made, generator):
        made(sound(samples, seed=seed))
    return made


@contextmanager
def _filled(made: Networks, generator: torch.Generator) -> Iterator[None]:
    """Spread the entries of each codebook as what it is asked for; of voices, of which it is asked
    for one, around it.
    """

    def fill(book: Any, asked: tuple[Tensor]) -> None:
        (rows,) = asked
        spread = rows.std(0) if len(rows) > 1 else rows.abs().mean()
        noise = torch.randn(book.embedding.weight.shape, generator=generator)
        book.embedding.weight.copy_(rows.mean(0) + 0.5 * spread * noise)

    books = [book for book in made.quantizer.modules() if hasattr(book, "embedding")]
    handles = [book.register_forward_pre_hook(fill) for book in books]
    yield
    for handle in handles:
        handle.remove()
