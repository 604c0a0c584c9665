"""NeuCodec: X-Codec 2 trained anew, that reads 16 kHz and writes 24 kHz.

"Finite Scalar Quantization Enables Redundant and Transmission-Robust Neural Audio Compression at
Low Bit-rates" (Julian et al. 2025, arXiv:2509.09550).

    model     Hz               samples a frame  tokens/s  entries         bits/s
    neucodec  16 000 → 24 000  320 → 480        50        4 ** 8 = 65536  800

The network is that of xcodec2.py but for its last layer, and for the silence that is heard around a
recording: a frame behind it, and none around what w2v-BERT gets.

Difference: the published code leaves out the frame in which a recording ends, unless it is a whole
one. Here it is filled up with silence, so that all of the recording has tokens; they are those of
the published code for the recording with this silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vocable.units.xcodec2 import Heard, XCodec2, XCodec2Config


@dataclass(frozen=True)
class NeuCodecConfig(XCodec2Config):
    """The sizes of a NeuCodec, as published."""

    hop: int = 480  # samples that the decoder makes of a frame: at 24 kHz


def neucodec() -> NeuCodecConfig:
    """Return the sizes of NeuCodec, as published."""
    return NeuCodecConfig()


PUBLISHED = (neucodec,)


class NeuCodec(XCodec2):
    """NeuCodec, as its config says."""

    kind: ClassVar[str] = "neucodec"

    def _encoder(self, c: XCodec2Config) -> Heard:
        return Heard(c, behind=c.frame, around=0)
