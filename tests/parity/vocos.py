"""Build Vocos behind EnCodec at any size, run it, and write both as they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tests.parity.peers import peer
from tests.parity.randomise import randomise


class Sizes(NamedTuple):
    """What the published config says, and how many levels its bandwidths have."""

    features: int = 128
    width: int = 384
    hidden: int = 1152
    blocks: int = 8
    window: int = 1280
    hop: int = 320
    bandwidths: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0)


YAML = """feature_extractor:
  class_path: vocos.feature_extractors.EncodecFeatures
  init_args:
    encodec_model: encodec_24khz
    bandwidths: {bandwidths}

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: {sizes.features}
    dim: {sizes.width}
    intermediate_dim: {sizes.hidden}
    num_layers: {sizes.blocks}
    adanorm_num_embeddings: {known}

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: {sizes.width}
    n_fft: {sizes.window}
    hop_length: {sizes.hop}
    padding: same
"""


class Behind(nn.Module):
    """The network behind an EnCodec, as `vocos.Vocos` runs it: codes, and which bandwidth."""

    def __init__(self, books: Tensor, entries: int, sizes: Sizes) -> None:
        super().__init__()
        peer("vocos")
        from vocos.heads import ISTFTHead
        from vocos.models import VocosBackbone

        self.feature_extractor = nn.Module()
        self.feature_extractor.register_buffer("codebook_weights", books)
        self.backbone = VocosBackbone(
            sizes.features, sizes.width, sizes.hidden, sizes.blocks,
            adanorm_num_embeddings=len(sizes.bandwidths),
        )  # fmt: skip
        self.head = ISTFTHead(sizes.width, sizes.window, sizes.hop, "same")
        self.entries = entries

    def forward(self, codes: Tensor, bandwidth: int) -> Tensor:
        """Return the sound `[B, 1, T]` of codes `[levels, B, F]`."""
        offsets = self.entries * torch.arange(len(codes))[:, None, None]
        books: Any = self.feature_extractor.codebook_weights
        rows = nn.functional.embedding(codes + offsets, books).sum(0).transpose(1, 2)
        y: Tensor = self.head(self.backbone(rows, bandwidth_id=torch.tensor([bandwidth])))
        return y[:, None]


@torch.no_grad()
def behind(books: Tensor, entries: int, sizes: Sizes, seed: int = 1) -> Behind:
    """Return a Vocos with random weights; books: `[levels · entries, features]`."""
    model = Behind(books, entries, sizes)

    def run(network: nn.Module, x: Tensor) -> None:
        generator = torch.Generator().manual_seed(seed)
        levels = len(books) // entries
        network(torch.randint(entries, (levels, 1, 40), generator=generator), 0)

    return randomise(model, seed, run, books=False)


def write(model: nn.Module, sizes: Sizes, folder: Path) -> Path:
    """Write a Vocos as on the hub, without EnCodec's own weights; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = YAML.format(sizes=sizes, known=len(sizes.bandwidths), bandwidths=[*sizes.bandwidths])
    (folder / "config.yaml").write_text(text)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"
