"""Codecs of each architecture with one stride: a graph is recorded in seconds, not in minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vocable.codecs import Codec, CodecModel
from vocable.codecs.bigcodec import BigCodec, bigcodec_tiny
from vocable.codecs.dac import DAC, dac_tiny
from vocable.codecs.encodec import EnCodec
from vocable.codecs.mimi import Mimi
from vocable.codecs.moss import Moss, MossConfig
from vocable.codecs.nanocodec import NanoCodec, nanocodec_tiny
from vocable.codecs.qwen3_tts import Qwen3TTS
from vocable.codecs.snac import SNAC, snac_tiny
from vocable.codecs.soundstream import SoundStream
from vocable.codecs.voxtral import Voxtral
from vocable.testing import codec_examples as examples
from vocable.testing import tiny_configs
from vocable.testing.block_examples import seeded

TOYS: dict[str, Callable[[], CodecModel]] = {
    "soundstream": lambda: SoundStream(
        replace(tiny_configs.soundstream_tiny(), strides=(4,), dilations=(1,), sizes=(16,) * 2)
    ),
    "encodec": lambda: EnCodec(
        replace(tiny_configs.encodec_tiny(), strides=(4,), lstm_layers=1, sizes=(16,) * 2)
    ),
    "encodec-symmetric": lambda: EnCodec(
        replace(tiny_configs.encodec_tiny_symmetric(), strides=(3,), sizes=(16,) * 2)
    ),
    "dac": lambda: DAC(replace(dac_tiny(), strides=(5,), sizes=(16,) * 2)),
    "bigcodec": lambda: BigCodec(replace(bigcodec_tiny(), strides=(5,))),
    "nanocodec": lambda: NanoCodec(
        replace(nanocodec_tiny(), strides=(5,), decoder_channels=6, kernels=(3,))
    ),
    "snac": lambda: SNAC(
        replace(snac_tiny(), strides=(4,), window=4, sizes=(16,) * 2, level_strides=(2, 1))
    ),
    "mimi": lambda: Mimi(replace(tiny_configs.mimi_tiny(), strides=(4,), sizes=(16,) * 3)),
    "moss": lambda: Moss(_one_stage(tiny_configs.moss_tiny())),
    "qwen3-tts": lambda: Qwen3TTS(
        replace(
            tiny_configs.qwen3_tts_tiny(), strides=(4,), decoder_strides=(4,), sizes=(16,) * 3
        )
    ),
    "voxtral": lambda: Voxtral(
        replace(
            tiny_configs.voxtral_tiny(), layers=(1, 1), kernels=(4, 3), strides=(2, 1),
            decoder_layers=(1, 1), decoder_kernels=(3, 4), decoder_strides=(1, 2),
        )
    ),
}  # fmt: skip


def _one_stage(tiny: MossConfig) -> MossConfig:
    first = replace(tiny.encoder[0], out=tiny.latent // tiny.patch)
    return replace(tiny, encoder=(first,), decoder=tiny.decoder[1:], sizes=(16,) * 2)


def toy(name: str) -> Codec:
    """Return a toy, or one of the small codecs of every test."""
    if name not in TOYS:
        return examples.small_codec(name)
    return Codec(examples.filled(seeded(TOYS[name])))
