"""Higgs audio tokenizer: X-Codec at 24 kHz, with codebooks in few dimensions.

Boson AI 2025, github.com/boson-ai/higgs-audio, the tokenizer of Higgs Audio v2.

    model  Hz      samples a frame  frames/s  levels × size  bits/s
    higgs  24 000  960              25        8 × 1024       250 a level, 2000 with all

The network is that of xcodec.py. HuBERT hears at 16 kHz, by torchaudio's resampling; of its frames
every second one is taken. Each level maps what it quantizes into 64 dimensions, and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vocable.units.xcodec import XCodec, XCodecConfig


@dataclass(frozen=True)
class HiggsConfig(XCodecConfig):
    """The sizes of a Higgs audio tokenizer, as published."""

    rate: int = 24_000
    strides: tuple[int, ...] = (8, 5, 4, 2, 3)
    decoder_strides: tuple[int, ...] = (8, 5, 4, 2, 3)
    prefixes: tuple[int, ...] = (2, 4, 6, 8)
    code_width: int = 64


def higgs() -> HiggsConfig:
    """Return the sizes of the Higgs audio tokenizer, as published."""
    return HiggsConfig()


PUBLISHED = (higgs,)


class Higgs(XCodec):
    """Higgs audio tokenizer, as its config says."""

    kind: ClassVar[str] = "higgs"
