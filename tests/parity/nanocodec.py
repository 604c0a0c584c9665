"""Build NanoCodec of NVIDIA NeMo's own parts at any size, run it, and write it as NeMo does.

VOCABLE_CHECKOUTS names a folder with a clone of github.com/NVIDIA/NeMo, `NeMo`: installed it would
bring a hundred packages, and these parts need none of them.
"""

from __future__ import annotations

import io
import os
import sys
import tarfile
from functools import cache
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import pytest
import torch
import torch.nn.functional as F
import yaml
from torch import Tensor, nn

from tests.parity.checkpoints import Form, in_form
from tests.parity.peers import checkout

PARTS = "nemo.collections.tts.modules.audio_codec_modules"
FOLDERS = ("nemo", "nemo.collections", "nemo.collections.tts", "nemo.collections.tts.modules",
           "nemo.collections.common", "nemo.collections.common.parts")  # fmt: skip
ABSENT = ("nemo.core", "nemo.core.classes", "nemo.core.classes.common", "nemo.core.classes.module",
          "nemo.core.neural_types", "nemo.core.neural_types.elements", "nemo.utils",
          "nemo.core.neural_types.neural_type", "nemo.collections.asr",
          "nemo.collections.asr.modules")  # fmt: skip


class Sizes(NamedTuple):
    """What the published configs say, and what is left to NeMo's defaults there: kernels."""

    strides: tuple[int, ...] = (2, 3, 6, 7, 7)
    encoder: int = 24
    decoder: int = 864
    groups: int = 4
    levels: tuple[int, ...] = (9, 8, 8, 7)
    kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)
    rate: int = 22_050


PUBLISHED = {
    "nanocodec_0_6kbps": Sizes(),
    "nanocodec_1_78kbps": Sizes(groups=13, levels=(8, 7, 6, 6)),
    "nanocodec_1_89kbps": Sizes((2, 2, 4, 8, 8), groups=8, levels=(8, 7, 6, 6)),
}
TOY = Sizes((2, 3, 7), encoder=4, decoder=40, groups=3, levels=(8, 5, 3), kernels=(3, 5))


@cache
def parts() -> ModuleType:
    """Return the module of NeMo that has the parts; without its frame, which they do not use."""
    root = Path(os.environ.get("VOCABLE_CHECKOUTS", ".")) / "NeMo"
    with pytest.MonkeyPatch.context() as patch:
        for name in FOLDERS:  # what these import by themselves stays out
            folder = ModuleType(name)
            folder.__path__ = [str(root / name.replace(".", "/"))]
            patch.setitem(sys.modules, name, folder)
        for name in ABSENT:
            patch.setitem(sys.modules, name, MagicMock(__path__=[]))
        sys.modules["nemo.core.classes.module"].NeuralModule = nn.Module
        sys.modules["nemo.core.classes.common"].typecheck = lambda **_: lambda method: method
        return checkout("NeMo", PARTS)[PARTS]


class Networks(nn.Module):
    """The parts of an `AudioCodecModel`, by their names there."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes, settings = sizes, config(sizes)
        for name in ("audio_encoder", "vector_quantizer", "audio_decoder"):
            given = {k: v for k, v in settings[name].items() if k != "_target_"}
            kind = settings[name]["_target_"].rpartition(".")[2]
            setattr(self, name, getattr(parts(), kind)(**given))

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode."""
        return self.decode(self.encode(x)[1])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return latents `[B, F, D]` and codes `[B, levels, F]` of sound `[B, 1, T]`."""
        filled = F.pad(x[:, 0], (0, -x.shape[2] % prod(self.sizes.strides)))
        z, lengths = self.audio_encoder(audio=filled, audio_len=_lengths(filled))
        codes = self.vector_quantizer.encode(inputs=z, input_len=lengths)
        return z.transpose(1, 2), codes.transpose(0, 1).long()

    def decode(self, codes: Tensor) -> Tensor:
        """Return the sound `[B, 1, T]` of codes."""
        lengths = _lengths(codes)
        z = self.vector_quantizer.decode(indices=codes.transpose(0, 1), input_len=lengths)
        return self.audio_decoder(inputs=z, input_len=lengths)[0][:, None]

    def write(self, path: Path, form: Form = "parametrised", *, halved: bool = False) -> Path:
        """Write an archive as NeMo saves a model, discriminators and losses in it.

        halved: floats in fp16.
        """
        beside = {"discriminator.discriminators.0.bias": torch.ones(2),
                  "mel_loss_fn.mel_losses.0.window": torch.ones(3)}  # fmt: skip
        weights, tensors = io.BytesIO(), in_form(self.state_dict(), form) | beside
        if halved:
            tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
        torch.save(tensors, weights)
        text = yaml.safe_dump(config(self.sizes), sort_keys=False)
        files = {"model_config.yaml": text.encode(), "model_weights.ckpt": weights.getvalue()}
        return write_archive(path, files)


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    """Write a tar as NeMo lays it out: a folder, and the files in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:") as archive:
        folder = tarfile.TarInfo(".")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def config(sizes: Sizes) -> dict[str, Any]:
    """Return what `model_config.yaml` states, as the published ones do."""
    latent = sizes.groups * len(sizes.levels)

    def units() -> dict[str, list[int]]:
        return {"resblock_kernel_sizes": [*sizes.kernels],
                "resblock_dilation_sizes": [*sizes.dilations]}  # fmt: skip

    return {
        "sample_rate": sizes.rate,
        "samples_per_frame": prod(sizes.strides),
        "mel_loss_l1_scale": 1.0,
        "loss_resolutions": [[32, 8, 32], [64, 16, 64]],
        "train_ds": {"dataset": {"_target_": "nemo.data.VocoderDataset", "dataset_meta": {}}},
        "audio_encoder": {
            "_target_": f"{PARTS}.HiFiGANEncoder",
            "down_sample_rates": [*sizes.strides],
            "encoded_dim": latent,
            "base_channels": sizes.encoder,
            "activation": "lrelu",
            "pad_mode": "replicate",
            **units(),
        },
        "audio_decoder": {
            "_target_": f"{PARTS}.CausalHiFiGANDecoder",
            "up_sample_rates": [*sizes.strides[::-1]],
            "input_dim": latent,
            "base_channels": sizes.decoder,
            "activation": "half_snake",
            "output_activation": "clamp",
            "pad_mode": "zeros",
            "n_groups_equal_to_out_channels": True,
            **units(),
        },
        "vector_quantizer": {
            "_target_": f"{PARTS}.GroupFiniteScalarQuantizer",
            "num_groups": sizes.groups,
            "num_levels_per_group": [*sizes.levels],
        },
        "discriminator": {"discriminators": [{"_target_": f"{PARTS}.MultiPeriodDiscriminator"}]},
        "target": "nemo.collections.tts.models.audio_codec.AudioCodecModel",
        "nemo_version": "2.5.0",
    }


def _lengths(x: Tensor) -> Tensor:
    return torch.full((len(x),), x.shape[-1])
