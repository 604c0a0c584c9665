"""DualCodec as its repository has it, behind w2v-BERT 2.0 as transformers has it, at any size.

VOCABLE_CHECKOUTS names a folder with a clone of github.com/jiaqili3/DualCodec, `DualCodec`. What it
fetches and computes features by is done here as its `Inference` does it, in fp32 throughout.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.peers import checkout, stand_ins
from tests.parity.randomise import randomise
from tests.parity.xcodec import resampled

NETWORK = "dualcodec.model_codec.dualcodec_model"
ABSENT = ("audiotools", "easydict")  # that encoding and decoding do not use
PUBLISHED = {
    "dualcodec_12hz": dict(
        encoder_dim=32, encoder_rates=[4, 5, 6, 8, 2], decoder_rates=[2, 8, 6, 5, 4],
        decoder_dim=1536, n_codebooks=7, codebook_size=4096, semantic_downsample_factor=4,
    ),
    "dualcodec_25hz": dict(
        encoder_rates=[4, 5, 6, 8], decoder_rates=[8, 6, 5, 4], n_codebooks=11, codebook_size=1024,
    ),
}  # fmt: skip
TOY = dict(
    encoder_dim=2, encoder_rates=[4, 5, 6, 8], decoder_rates=[8, 6, 5, 4], latent_dim=1024,
    decoder_dim=32, n_codebooks=3, codebook_size=32, semantic_codebook_size=64,
    convnext_dim=12, convnext_layers=2,
)  # fmt: skip
SPEECH = dict(
    num_hidden_layers=1, num_attention_heads=16, intermediate_size=24, conv_depthwise_kernel_size=7,
)  # fmt: skip
BEHIND = 360  # samples that the last window of w2v-BERT has more than a frame


@cache
def network() -> Any:
    """Return the class, without the packages that its own imports when they are imported."""
    checkout("DualCodec")
    root = Path(os.environ["VOCABLE_CHECKOUTS"]) / "DualCodec" / "dualcodec"
    tools = ModuleType("audiotools.ml")
    tools.BaseModel = nn.Module  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch, stand_ins(ABSENT):
        patch.setitem(sys.modules, "audiotools.ml", tools)
        for name, folder in (("dualcodec", root), ("dualcodec.model_codec", root / "model_codec")):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            patch.setitem(sys.modules, name, package)
        return import_module(NETWORK).DualCodec


class Pair(nn.Module):
    """Both networks, and the numbers that features are standardised by."""

    def __init__(self, toy: bool = True, name: str = "dualcodec_12hz") -> None:
        super().__init__()
        sizes = TOY if toy else PUBLISHED[name]
        self.codec = network()(sample_rate=24_000, is_causal=True, **sizes)
        settings = SPEECH if toy else dict(num_hidden_layers=17)
        self.speech = transformers.Wav2Vec2BertModel(transformers.Wav2Vec2BertConfig(**settings))
        random = torch.Generator().manual_seed(5)
        self.register_buffer("mean", 0.3 * torch.randn(1024, generator=random))
        self.register_buffer("var", torch.randn(1024, generator=random).exp())
        self.frame = 1920 if sizes.get("semantic_downsample_factor") == 4 else 960
        self.extractor = transformers.SeamlessM4TFeatureExtractor()

    def heard(self, x: Tensor) -> Tensor:
        """Return a recording with the silence that ours adds."""
        return F.pad(x, (0, -x.shape[2] % self.frame + BEHIND))

    def features(self, x: Tensor) -> Tensor:
        """Return what is to be said of recordings with that silence, `[B, 1024, frames]`."""
        narrow = resampled(x[:, 0], 24_000, 16_000)
        bands = [
            self.extractor(row.numpy(), sampling_rate=16_000, return_tensors="pt")["input_features"]
            for row in narrow
        ]
        states = self.speech(torch.cat(bands).float(), output_hidden_states=True).hidden_states
        standard = (states[-1] - self.mean) / self.var.sqrt()
        pooled: Tensor = F.avg_pool1d(
            standard.transpose(1, 2), *(self.codec.semantic_downsample_factor,) * 2
        )
        return pooled

    def codes(self, x: Tensor, levels: int | None = None) -> Tensor:
        """Return the codes of recordings `[B, 1, T]`, `[B, levels, F]`."""
        x = self.heard(x)
        first, others = self.codec.encode(x, levels, semantic_repr=self.features(x))
        return first if others is None else torch.cat((first, others), 1)

    def latents(self, x: Tensor) -> Tensor:
        """Return what is quantized, as rows: what is to be said, and what is heard of the sound."""
        x = self.heard(x)
        spoken = self.codec.convnext_encoder(self.features(x))
        sound = self.codec.dac.encoder(self.codec.dac.preprocess(x, 24_000))
        both = torch.cat((spoken, sound[..., : spoken.shape[2]]), 1)
        return both.transpose(1, 2)

    def decoded(self, codes: Tensor) -> Tensor:
        """Return the sound of codes of any first levels."""
        others = codes[:, 1:] if codes.shape[1] > 1 else None
        found: Tensor = self.codec.decode_from_codes(codes[:, :1], others)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode."""
        return self.decoded(self.codes(x))

    def write(self, folder: Path, name: str = "dualcodec_toy.safetensors") -> Path:
        """Write all three files as they are published, w2v-BERT in a folder beside the others."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {k: v.contiguous() for k, v in self.codec.state_dict().items()}
        save_file(tensors, folder / name)
        statistics = {"mean": self.mean, "var": self.var}
        torch.save(statistics, folder / "w2vbert2_mean_var_stats_emilia.pt")
        self.speech.save_pretrained(folder / "w2v-bert-2.0")
        return folder / name


def random_pair(toy: bool = True, name: str = "dualcodec_12hz") -> Pair:
    """Return both with random weights, codebooks where latents are."""
    with torch.random.fork_rng(devices=[]):
        made = Pair(toy, name).eval()
    return randomise(made, seed=1, samples=40 * made.frame, run=lambda m, x: m(x))
