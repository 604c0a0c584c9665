"""EnCodec at 24 kHz, its tokens decoded by Vocos: the same tokens, another sound.

"Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio
synthesis" (Siuzdak 2023, arXiv:2306.00814).

    levels 2, 4, 8, 16 of EnCodec, 1.5, 3, 6 and 12 kbps: a condition each, which all norms know
    8 blocks of 384 channels at 75 rows/s; spectra of 1280 samples, one every 320

Encoder and codebooks are EnCodec's own, so these are tokens of its space: either decodes what the
other encodes. Tokens of more than 16 levels are decoded by their first 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel, CodecOutput
from vocable.codecs.codes import Codes
from vocable.codecs.encodec import EnCodec, EnCodecConfig
from vocable.codecs.vocos_decoder import EPS, vocos_decoder
from vocable.errors import ModelError, TokenError
from vocable.nn import AdaLayerNorm, Conditioned


@dataclass(frozen=True)
class VocosConfig(EnCodecConfig):
    """The sizes of an EnCodec, and of Vocos in the place of its decoder. Defaults are published."""

    conditions: tuple[int, ...] = (2, 4, 8, 16)  # levels that are decoded
    width: int = 384  # channels of the decoder
    hidden: int = 1152  # channels of the MLP in each of its blocks
    blocks: int = 8
    window: int = 1280  # samples of a spectrum


DECODER = ("conditions", "width", "hidden", "blocks", "window")  # fields of the config


class Vocos(CodecModel):
    """EnCodec's encoder and codebooks, Vocos' decoder."""

    not_exported: ClassVar[str] = "its decoder is told how many levels it gets"
    not_in_codes = EnCodec.not_in_codes | set(DECODER)

    def __init__(self, config: VocosConfig) -> None:
        base = EnCodec(config)
        super().__init__(config, base.spec)
        c = config
        if base.spec.segment is not None or c.channels != 1:
            raise ModelError("Vocos decodes a mono EnCodec without segments, as that at 24 kHz")
        self.encoder, self.quantizer = base.encoder, base.quantizer
        decoder = vocos_decoder(
            c.latent, c.width, c.hidden, c.blocks, window=c.window, hop=self.frame_written,
            norm=lambda: AdaLayerNorm(c.width, len(c.conditions), eps=EPS),
        )  # fmt: skip
        self.decoder = Conditioned(decoder)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Refuse: what trains is EnCodec."""
        raise ModelError("Vocos decodes EnCodec's tokens and is not trained here; train EnCodec")

    def _latents(self, codes: Codes) -> Tensor:
        """Return what the levels stand for, and the number of their condition beside it."""
        conditions: Any = self.config.conditions
        levels = min(len(codes), conditions[-1])
        if levels not in conditions:
            wanted = ", ".join(map(str, conditions))
            raise TokenError(f"codes have {len(codes)} levels but Vocos decodes {wanted} of them")
        z = super()._latents(Codes(codes[:levels]))
        return F.pad(z, (0, 1), value=float(conditions.index(levels)))
