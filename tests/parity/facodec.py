"""FACodec's two versions as Amphion runs them: an encoder and a decoder, a file each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tests.parity.checkpoints import Form, in_form
from tests.parity.peers import TORCHAUDIO

# what Amphion's code imports, and what neither encoding nor decoding calls
NOT_CALLED = (*TORCHAUDIO, "pyworld", "librosa", "librosa.filters", "soundfile")
MODULES = ("models.codec.ns3_codec.facodec", "models.codec.ns3_codec.transformer")


class Networks(nn.Module):
    """Both networks, by the code of these modules; the encoder of voices may be smaller.

    bits: of each codebook. phones: answers of the predictor, which only training asks.
    """

    ending = ""  # of the names of its files

    def __init__(
        self, codec: ModuleType, transformer: ModuleType, *, ngf=32, strides=(2, 4, 5, 5),
        latent=256, channels=1024, width=8, bits=10, layers=4, hidden=1024, phones=5003,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder = codec.FACodecEncoder(ngf=ngf, up_ratios=list(strides), out_channels=latent)
        self.decoder = codec.FACodecDecoder(
            in_channels=latent, upsample_initial_channel=channels, up_ratios=list(strides[::-1]),
            vq_dim=latent, codebook_dim=width, codebook_size_prosody=bits,
            codebook_size_content=bits, codebook_size_residual=bits,
        )  # fmt: skip
        self.decoder.timbre_encoder = transformer.TransformerEncoder(
            encoder_layer=layers, encoder_hidden=latent, encoder_head=4, conv_filter_size=hidden,
            conv_kernel_size=5, encoder_dropout=0.1,
        )  # fmt: skip
        self.decoder.phone_predictor.heads = nn.ModuleList([nn.Linear(latent, phones)])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return latents, what is decoded, codes `[levels, batch, frames]` and the voice."""
        z = self.encoder(x)
        y, codes, _, _, voice = self.decoder(z, eval_vq=False, vq=True)
        return z, y, codes, voice

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode whole frames."""
        _, y, _, voice = self.encode(x)
        return self.decoder.inference(y, voice)

    def decode(self, codes: Tensor, voice: Tensor, *, detail: bool = True) -> Tensor:
        """Return the sound of codes `[levels, batch, frames]` in a voice."""
        return self.decoder.inference(self.decoder.vq2emb(codes, detail), voice)

    def write(self, folder: Path, form: Form = "old", rate: int = 16_000) -> Path:
        """Write both as published, and the rate in a config.json; return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for half in ("encoder", "decoder"):
            tensors = in_form(getattr(self, half).state_dict(), form)
            torch.save(tensors, folder / f"ns3_facodec_{half}{self.ending}.bin")
        (folder / "config.json").write_text(json.dumps({"sampling_rate": rate}))
        return folder


class Second(Networks):
    """The second version: prosody comes from the first 20 bands of a mel spectrum.

    filters: what librosa's `filters.mel` is here. bands, transform, window: of the spectrum.
    """

    ending = "_v2"

    def __init__(
        self, codec: ModuleType, transformer: ModuleType, filters: Callable[..., Any], *,
        rate=16_000, bands=80, transform=1024, window=800, **sizes: Any,
    ) -> None:  # fmt: skip
        super().__init__(codec, transformer, **sizes)
        chosen = dict(
            ngf=32, strides=(2, 4, 5, 5), latent=256, channels=1024, width=8, bits=10, layers=4,
            hidden=1024,
        ) | sizes  # fmt: skip
        strides, latent = chosen["strides"], chosen["latent"]
        spectra = sys.modules[codec.MelSpectrogram.__module__]
        spectra.librosa_mel_fn = filters
        encoder = codec.FACodecEncoderV2(
            ngf=chosen["ngf"], up_ratios=list(strides), out_channels=latent
        )
        encoder.mel_transform = codec.MelSpectrogram(
            n_fft=transform, num_mels=bands, sampling_rate=rate, hop_size=prod(strides),
            win_size=window, fmin=0, fmax=rate // 2,
        )  # fmt: skip
        decoder = codec.FACodecDecoderV2(
            in_channels=latent, upsample_initial_channel=chosen["channels"],
            up_ratios=list(strides[::-1]), vq_dim=latent, codebook_dim=chosen["width"],
            codebook_size_prosody=chosen["bits"], codebook_size_content=chosen["bits"],
            codebook_size_residual=chosen["bits"],
        )  # fmt: skip
        decoder.timbre_encoder = self.decoder.timbre_encoder
        decoder.phone_predictor.heads = self.decoder.phone_predictor.heads
        decoder.melspec_linear = nn.Linear(20, latent)
        decoder.melspec_encoder = transformer.TransformerEncoder(
            encoder_layer=chosen["layers"], encoder_hidden=latent, encoder_head=4,
            conv_filter_size=chosen["hidden"], conv_kernel_size=5, encoder_dropout=0.1,
        )  # fmt: skip
        self.encoder, self.decoder = encoder, decoder

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the same; behind the latents what prosody is made of."""
        z, bands = self.encoder(x), self.encoder.get_prosody_feature(x)
        y, codes, _, _, voice = self.decoder(z, bands, eval_vq=False, vq=True)
        own = self.decoder.melspec_linear(bands.transpose(1, 2))
        prosody = self.decoder.melspec_encoder(own, None, None).transpose(1, 2)
        return torch.cat((z, prosody), 1), y, codes, voice
