"""EnCodec: SoundStream's successor with an LSTM, in three published sizes.

"High Fidelity Neural Audio Compression" (Défossez et al. 2022, arXiv:2210.13438); the 32 kHz model
is that of "Simple and Controllable Music Generation" (Copet et al. 2023, arXiv:2306.05284).

    model          Hz      ch.  samples a frame  frames/s  levels × size  bits/s
    encodec_24khz  24 000  1    320              75        32 × 1024      1500, 3000, … 24 000
    encodec_48khz  48 000  2    320              150       16 × 1024      3000, 6000, … 24 000
    encodec_32khz  32 000  1    640              50        4 × 2048       2200

24 kHz   causal, and streams: a frame's sound is there when its samples are, 13.3 ms, but for the
         start. What lies before the recording is its own reflection, so the first frame's codes are
         made of seven frames of sound (93 ms), and the first frame's sound of seven frames' codes.
48 kHz   symmetric, every convolution normalised over the segment: 1 s, one every 0.99 s, each
         divided by its scale, which is a side of the tokens. It streams segment by segment.
32 kHz   symmetric with finite look-ahead: it streams, and waits for that.

Differences from the paper's code: none in the function. Weights are plain, not weight-normed: the
same function, with one tensor less a layer. Commitment reaches the encoder from every level (its
issue 25). Its language model for entropy coding is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import Sides
from vocable.codecs.seanet import DECODER_ONLY, decoder, encoder
from vocable.codecs.seanet_rvq import SEANetRVQConfig, quantizer, token_spec
from vocable.tokens import Segment, Side


@dataclass(frozen=True)
class EnCodecConfig(SEANetRVQConfig):
    """The sizes of an EnCodec: a SEANet's, an RVQ's, and these. Defaults are the 24 kHz model's."""

    dilations: tuple[int, ...] = (1,)
    unit_kernel: int = 3
    unit_shrink: int = 2
    unit_shortcut: bool = True
    encoder_last_kernel: int = 7
    lstm_layers: int = 2
    latent: int = 128
    edge: Literal["zeros", "reflect"] = "reflect"
    fill: bool = True
    segment: tuple[int, int] | None = None  # samples of one, and from one to the next
    sizes: tuple[int, ...] = (1024,) * 32


def encodec_24khz() -> EnCodecConfig:
    """Return the sizes of EnCodec at 24 kHz, causal, 1.5 to 24 kbps."""
    return EnCodecConfig(prefixes=(2, 4, 8, 16, 32))


def encodec_48khz() -> EnCodecConfig:
    """Return the sizes of EnCodec at 48 kHz, stereo in segments of a second, 3 to 24 kbps."""
    return EnCodecConfig(
        channels=2,
        causal=False,
        group_norm=True,
        rate=48_000,
        segment=(48_000, 47_520),
        sizes=(1024,) * 16,
        prefixes=(2, 4, 8, 16),
    )


def encodec_32khz() -> EnCodecConfig:
    """Return the sizes of EnCodec at 32 kHz, MusicGen's, 2.2 kbps."""
    return EnCodecConfig(
        filters=64,
        strides=(4, 4, 5, 8),
        unit_shortcut=False,
        causal=False,
        rate=32_000,
        sizes=(2048,) * 4,
        prefixes=(4,),
    )


PUBLISHED = (encodec_24khz, encodec_48khz, encodec_32khz)


class EnCodec(CodecModel):
    """EnCodec, as its config says."""

    not_in_codes = DECODER_ONLY | {"dropout"}

    def __init__(self, config: EnCodecConfig) -> None:
        found = quantizer(config)
        sides = (Side("scale", per="segment"),) if config.segment else ()
        segment = Segment(*config.segment) if config.segment else None
        spec = token_spec("encodec", config, found, sides=sides, segment=segment)
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(config), found, decoder(config)

    def find_sides(self, x: Float[Tensor, "batch channels time"]) -> Sides:
        """Return the loudness of each segment: the root of the mean square of its mono mix."""
        if self.spec.segment is None:
            return {}
        return {"scale": 1e-8 + x.mean(1).square().mean(1).sqrt()}

    def prepare_input(
        self, x: Float[Tensor, "batch channels time"], sides: Sides
    ) -> Float[Tensor, "batch channels time"]:
        """Return a segment at a loudness of one."""
        return x / sides["scale"][:, None, None] if sides else x

    def restore_output(
        self, y: Float[Tensor, "batch channels time"], sides: Sides
    ) -> Float[Tensor, "batch channels time"]:
        """Return a segment at its own loudness."""
        return y * sides["scale"][:, None, None] if sides else y
