"""Build Vocos at any size, behind EnCodec or of mel spectra, and write it as it is published."""

from __future__ import annotations

import math
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
    text = YAML.format(sizes=sizes, known=len(sizes.bandwidths), bandwidths=[*sizes.bandwidths])
    return _written(model, text, folder)


def _written(model: nn.Module, text: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(text)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


# ---- of mel spectra ------------------------------------------------------------------------------


class MelSizes(NamedTuple):
    """What the published config says."""

    rate: int = 24_000
    bands: int = 100
    width: int = 512
    hidden: int = 1536
    blocks: int = 8
    window: int = 1024
    hop: int = 256


MEL_YAML = """feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args:
    sample_rate: {sizes.rate}
    n_fft: {sizes.window}
    hop_length: {sizes.hop}
    n_mels: {sizes.bands}
    padding: center

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: {sizes.bands}
    dim: {sizes.width}
    intermediate_dim: {sizes.hidden}
    num_layers: {sizes.blocks}

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: {sizes.width}
    n_fft: {sizes.window}
    hop_length: {sizes.hop}
    padding: center
"""


class OfMels(nn.Module):
    """Vocos of mel spectra. torchaudio, which has no build for this torch, is written out here."""

    def __init__(self, sizes: MelSizes) -> None:
        super().__init__()
        peer("vocos")
        from vocos.heads import ISTFTHead
        from vocos.models import VocosBackbone

        spectra: Any = nn.Module()
        spectra.spectrogram, spectra.mel_scale = nn.Module(), nn.Module()
        spectra.spectrogram.register_buffer("window", torch.hann_window(sizes.window))
        spectra.mel_scale.register_buffer("fb", filters(sizes))
        self.feature_extractor: Any = nn.Module()
        self.feature_extractor.mel_spec = spectra
        self.backbone = VocosBackbone(sizes.bands, sizes.width, sizes.hidden, sizes.blocks)
        self.head = ISTFTHead(sizes.width, sizes.window, sizes.hop, "center")
        self.sizes = sizes

    def mels(self, x: Tensor) -> Tensor:
        """Return the features `[B, bands, 1 + T / hop]` of a sound `[B, T]`."""
        spectra, sizes = self.feature_extractor.mel_spec, self.sizes
        found = torch.stft(
            x, sizes.window, sizes.hop, window=spectra.spectrogram.window, center=True,
            pad_mode="reflect", return_complex=True,
        )  # fmt: skip
        mels: Tensor = spectra.mel_scale.fb.T @ found.abs()
        return mels.clip(min=1e-7).log()

    def forward(self, mels: Tensor) -> Tensor:
        """Return the sound `[B, 1, (frames - 1) · hop]` of features `[B, bands, frames]`."""
        y: Tensor = self.head(self.backbone(mels))
        return y[:, None]


def filters(sizes: MelSizes) -> Tensor:
    """Return the triangles `[bins, bands]` as torchaudio has them by default, in fp32."""
    bins = torch.linspace(0, sizes.rate // 2, sizes.window // 2 + 1)
    top = 2595.0 * math.log10(1.0 + sizes.rate / 2 / 700.0)
    points = 700.0 * (10.0 ** (torch.linspace(0.0, top, sizes.bands + 2) / 2595.0) - 1.0)
    slopes, widths = points[None] - bins[:, None], points.diff()
    falls, rises = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return torch.minimum(falls, rises).clamp(min=0)


@torch.no_grad()
def of_mels(sizes: MelSizes, seed: int = 1) -> OfMels:
    """Return a Vocos of mel spectra with random weights."""

    def run(network: nn.Module, x: Tensor) -> None:
        network(3 * torch.randn(1, sizes.bands, 40, generator=torch.Generator().manual_seed(seed)))

    return randomise(OfMels(sizes), seed, run, books=False)


def write_mels(model: nn.Module, sizes: MelSizes, folder: Path) -> Path:
    """Write a Vocos of mel spectra as on the hub; return its file."""
    return _written(model, MEL_YAML.format(sizes=sizes), folder)
