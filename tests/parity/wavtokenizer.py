"""Build WavTokenizer's own network at any size, run it, and write it as Lightning does.

Its repository is no package: VOCABLE_CHECKOUTS names a folder with a clone of it, `WavTokenizer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tests.parity.peers import checkout


class Sizes(NamedTuple):
    """What the published configs say, and what is fixed in the code: `filters` and `latent`."""

    ratios: tuple[int, ...]  # of the encoder, last first
    window: int
    filters: int = 32
    latent: int = 512
    entries: int = 4096
    width: int = 768
    hidden: int = 2304
    blocks: int = 12
    rate: int = 24_000


PUBLISHED = {
    "wavtokenizer_75": Sizes((8, 5, 4, 2), 1280),
    "wavtokenizer_40": Sizes((6, 5, 5, 4), 2400),
}
TOY = Sizes((6, 4), 96, filters=2, latent=16, entries=32, width=64, hidden=40, blocks=2)
YAML = """# as the configs of its authors are laid out
model:
  class_path: decoder.experiment.WavTokenizer
  init_args:
    sample_rate: {sizes.rate}
    feature_extractor:
      class_path: decoder.feature_extractors.EncodecFeatures
      init_args:
        encodec_model: encodec_24khz
        bandwidths: [6.6, 6.6, 6.6, 6.6]
        num_quantizers: 1
        dowmsamples: {ratios}
        vq_bins: {sizes.entries}
    backbone:
      class_path: decoder.models.VocosBackbone
      init_args:
        input_channels: {sizes.latent}
        dim: {sizes.width}
        intermediate_dim: {sizes.hidden}
        num_layers: {sizes.blocks}
        adanorm_num_embeddings: 4  # bandwidths
    head:
      class_path: decoder.heads.ISTFTHead
      init_args:
        dim: {sizes.width}
        n_fft: {sizes.window}
        hop_length: {hop}
        padding: same
"""


def reference(sizes: Sizes) -> nn.Module:
    """Return the network with random weights, in evaluation mode."""
    package = checkout("WavTokenizer", "decoder.pretrained", "decoder.models", "decoder.heads",
                       "decoder.feature_extractors", "encoder", "encoder.modules",
                       "encoder.quantization")  # fmt: skip
    common = dict(
        causal=False, n_residual_layers=1, norm="weight_norm", pad_mode="reflect", lstm=2,
        dimension=sizes.latent, channels=1, n_filters=sizes.filters, activation="ELU",
        kernel_size=7, residual_kernel_size=3, last_kernel_size=7, dilation_base=2,
        true_skip=False, compress=2,
    )  # fmt: skip
    modules, quantization = package["encoder.modules"], package["encoder.quantization"]
    features = package["decoder.feature_extractors"].EncodecFeatures
    extractor = features.__new__(features)
    nn.Module.__init__(extractor)
    extractor.frame_rate, extractor.bandwidths = 25, [6.6] * 4
    extractor.encodec = package["encoder"].EncodecModel(
        encoder=modules.SEANetEncoder(ratios=list(sizes.ratios), **common),
        decoder=modules.SEANetDecoder(ratios=[8, 5, 4, 2], **common),
        quantizer=quantization.ResidualVectorQuantizer(
            dimension=sizes.latent, n_q=1, bins=sizes.entries, kmeans_init=True
        ),
        target_bandwidths=[6.6] * 4, sample_rate=sizes.rate, channels=1,
    )  # fmt: skip
    backbone = package["decoder.models"].VocosBackbone(
        sizes.latent, sizes.width, sizes.hidden, sizes.blocks, adanorm_num_embeddings=4
    )
    hop = int(torch.tensor(sizes.ratios).prod())
    head = package["decoder.heads"].ISTFTHead(sizes.width, sizes.window, hop, "same")
    model: nn.Module = package["decoder.pretrained"].WavTokenizer(extractor, backbone, head).eval()
    return model


def latents(model: Any, x: Tensor) -> Tensor:
    """Return `[B, F, latent]` of sound `[B, 1, T]`."""
    z: Tensor = model.feature_extractor.encodec.encoder(x)
    return z.transpose(1, 2)


def codes(model: Any, x: Tensor) -> Tensor:
    """Return `[1, B, F]`."""
    found: Tensor = model.feature_extractor.infer(x[:, 0], torch.tensor([0]))[1]
    return found


def decoded(model: Any, found: Tensor) -> Tensor:
    """Return the sound `[B, 1, T]` of codes `[1, B, F]`."""
    rows = model.codes_to_features(found)
    y: Tensor = model.head(model.backbone(rows, bandwidth_id=torch.tensor([0])))
    return y[:, None]


def run(model: Any, x: Tensor) -> Tensor:
    """Encode and decode."""
    return decoded(model, codes(model, x))


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights rounded to fp16; the window is none."""
    return {k: v if k.endswith("window") else v.half() for k, v in tensors.items()}


def write_lightning(tensors: Mapping[str, Tensor], sizes: Sizes, folder: Path) -> Path:
    """Write a checkpoint of training as Lightning does, and its yaml; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    hop = int(torch.tensor(sizes.ratios).prod())
    (folder / "config.yaml").write_text(
        YAML.format(sizes=sizes, ratios=list(sizes.ratios), hop=hop)
    )
    beside = ("multiperioddisc.discriminators.0.conv_post.weight_g", "dac.discriminators.1.bias",
              "melspec_loss.mel_spec.spectrogram.window")  # fmt: skip
    moments = {"step": torch.ones(()), "exp_avg": torch.zeros(3)}
    kept = {
        "epoch": 3,
        "global_step": 40,
        "pytorch-lightning_version": "1.8.6",
        "state_dict": {**tensors} | {key: torch.zeros(3) for key in beside},
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"current": {"ready": 3}}}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'val_loss'}": {"best_model_score": torch.ones(())}
        },
        "optimizer_states": [
            {"state": {0: moments}, "param_groups": [{"lr": 2e-4, "params": [0]}]}
        ],
        "lr_schedulers": [{"last_epoch": 40, "_last_lr": [2e-4]}],
        "hparams_name": "kwargs",
        "hyper_parameters": {"sample_rate": sizes.rate, "mel_loss_coeff": 45.0, "resume": False},
    }
    path = folder / "model.ckpt"
    torch.save(kept, path)
    return path
