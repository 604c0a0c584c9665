"""SpeechTokenizer: EnCodec's graph at 16 kHz, whose first level learnt what is said from HuBERT.

"SpeechTokenizer: Unified Speech Tokenizer for Speech Large Language Models" (Zhang et al. 2023,
arXiv:2308.16692).

    model                  Hz      samples a frame  frames/s  levels × size  bits/s
    speechtokenizer        16 000  320              50        8 × 1024       500 a level, 4000
    speechtokenizer_snake  16 000  320              50        8 × 1024       500 a level, 4000

Symmetric, and its encoder's LSTM runs in both directions: whole recordings only. Decoding looks
ahead by a finite number of frames, so it streams. `speechtokenizer_snake` is AnyGPT's, with Snake
in place of ELU.

Differences from the package: none in the function. Its `encode(st=n)`, which quantizes the latent
by level n as if there were none before it, is left out, and so is the linear map to the teacher's
width, which only training needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.seanet import DECODER_ONLY, decoder, encoder
from vocable.codecs.seanet_rvq import SEANetRVQConfig, quantizer, token_spec


@dataclass(frozen=True)
class SpeechTokenizerConfig(SEANetRVQConfig):
    """The sizes of a SpeechTokenizer: those of a SEANet and an RVQ, as published."""

    filters: int = 64
    dilations: tuple[int, ...] = (1,)
    unit_kernel: int = 3
    unit_shrink: int = 2
    unit_shortcut: bool = True
    encoder_last_kernel: int = 7
    lstm_layers: int = 2
    bidirectional: bool = True
    latent: int = 1024
    causal: bool = False
    edge: Literal["zeros", "reflect"] = "reflect"
    fill: bool = True
    rate: int = 16_000
    sizes: tuple[int, ...] = (1024,) * 8
    semantic: int = 1


def speechtokenizer() -> SpeechTokenizerConfig:
    """Return the sizes of SpeechTokenizer, as published."""
    return SpeechTokenizerConfig()


def speechtokenizer_snake() -> SpeechTokenizerConfig:
    """Return the sizes of the SpeechTokenizer that AnyGPT uses."""
    return replace(speechtokenizer(), snake=True)


PUBLISHED = (speechtokenizer, speechtokenizer_snake)


class SpeechTokenizer(CodecModel):
    """SpeechTokenizer, as its config says."""

    not_exported: ClassVar[str] = "its encoder's LSTM begins at both ends of a recording"

    not_in_codes = DECODER_ONLY | {"dropout"}

    def __init__(self, config: SpeechTokenizerConfig) -> None:
        found = quantizer(config)
        super().__init__(config, token_spec("speechtokenizer", config, found))
        self.encoder, self.quantizer, self.decoder = encoder(config), found, decoder(config)
