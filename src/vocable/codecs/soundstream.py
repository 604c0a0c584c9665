"""SoundStream: a causal convolutional encoder and decoder around a residual quantizer.

"SoundStream: An End-to-End Neural Audio Codec" (Zeghidour et al. 2021, arXiv:2107.03312). Its
authors published no weights, so there is no checkpoint to read: it is trained from nothing.

    model               Hz      samples a frame  frames/s  levels × size  bits/s, of any prefix
    soundstream_24khz   24 000  320              75        24 × 1024      750 to 18 000

Bitrate scales when encoding (`levels=`) and afterwards (`tokens.first(n)`). A frame's sound is
there when its samples are: the latency is one frame, 13.3 ms, from the first frame on.

Differences. The paper gives 8.4 M weights but not every size; with the sizes here there are 10.5 M,
and no width of the latent brings 8.4. Kernels, dilations, the latent's width and zeros as padding
were not checked against its text. ELU stands before every convolution but the first, as in EnCodec.
Its denoising switch (FiLM) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.seanet import DECODER_ONLY, decoder, encoder
from vocable.codecs.seanet_rvq import SEANetRVQConfig, quantizer, token_spec


@dataclass(frozen=True)
class SoundStreamConfig(SEANetRVQConfig):
    """The sizes of a SoundStream: a SEANet's and an RVQ's."""


def soundstream_24khz() -> SoundStreamConfig:
    """Return the sizes of SoundStream at 24 kHz, 3 to 18 kbps as published."""
    return SoundStreamConfig()


class SoundStream(CodecModel):
    """SoundStream, as its config says."""

    not_in_codes = DECODER_ONLY | {"dropout"}

    def __init__(self, config: SoundStreamConfig) -> None:
        found = quantizer(config)
        super().__init__(config, token_spec("soundstream", config, found))
        self.encoder, self.quantizer, self.decoder = encoder(config), found, decoder(config)
