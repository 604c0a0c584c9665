"""BigCodec as its authors run it: an encoder and a generator, kept in one file."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from tests.parity.checkpoints import Form, in_form
from tests.parity.peers import peer


class Networks(nn.Module):
    """Both networks, of the sizes that their own arguments say."""

    def __init__(self, *, ngf=48, strides=(2, 2, 2, 5, 5), latent=1024, channels=1536,
                 lstm_layers=2, size=8192, width=8) -> None:  # fmt: skip
        super().__init__()
        package = peer("bigcodec")
        self.CodecEnc = package.CodecEncoder(
            ngf=ngf, up_ratios=strides, out_channels=latent, rnn_num_layers=lstm_layers
        )
        self.generator = package.CodecDecoder(
            in_channels=latent, vq_dim=latent, upsample_initial_channel=channels,
            up_ratios=strides[::-1], rnn_num_layers=lstm_layers, codebook_size=size,
            codebook_dim=width,
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode whole frames."""
        return self.generator(self.generator(self.CodecEnc(x))[0], vq=False)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return latents `[batch, dim, frames]` and codes `[levels, batch, frames]`."""
        z = self.CodecEnc(x)
        return z, self.generator(z)[1]

    def decode(self, codes: Tensor) -> Tensor:
        """Return the sound of codes `[levels, batch, frames]`."""
        z = self.generator.vq2emb(codes.permute(1, 2, 0)).transpose(1, 2)
        return self.generator(z, vq=False)

    def write(self, path: Path, form: Form = "old", rate: int = 16_000) -> Path:
        """Write both as published, discriminators beside them, and the rate in a config.json."""
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {
            name: in_form(getattr(self, name).state_dict(), form)
            for name in ("CodecEnc", "generator")
        }
        torch.save({**parts, "discriminator": {"convs.0.weight": torch.ones(2)}}, path)
        path.with_name("config.json").write_text(json.dumps({"sampling_rate": rate}))
        return path
