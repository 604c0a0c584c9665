"""List examples of every codec and tokenizer: small ones, and the models of the package.

Each call gives codecs of its own, so that no test sees what another did to them. They are copies:
codebooks are learned, and models loaded, once a process.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from typing import Any, TypeVar

import torch

from vocable.codecs import Codec, CodecModel, Tokenizer, TokenizerModel
from vocable.codecs.bigcodec import BigCodec, bigcodec_tiny
from vocable.codecs.channel_vocoder import ChannelVocoder, ChannelVocoderConfig
from vocable.codecs.contours import ContourBook
from vocable.codecs.dac import DAC, dac_tiny
from vocable.codecs.dmel import DMel, DMelConfig
from vocable.codecs.encodec import EnCodec, EnCodecConfig
from vocable.codecs.facodec import FACodec, facodec_tiny
from vocable.codecs.mimi import Mimi, MimiConfig
from vocable.codecs.moss import Moss, MossConfig, MossStage
from vocable.codecs.nanocodec import NanoCodec, nanocodec_tiny
from vocable.codecs.quantizer_config import ResidualFSQConfig
from vocable.codecs.qwen3_tts import Qwen3TTS, Qwen3TTSConfig
from vocable.codecs.snac import SNAC, snac_tiny
from vocable.codecs.soundstream import SoundStream, SoundStreamConfig
from vocable.codecs.speech import Speech, SpeechConfig
from vocable.codecs.speechtokenizer import SpeechTokenizer, SpeechTokenizerConfig
from vocable.codecs.transform import Transform, TransformConfig
from vocable.codecs.vocos import Vocos, VocosConfig
from vocable.codecs.voxtral import Voxtral, VoxtralConfig
from vocable.codecs.wavtokenizer import WavTokenizer, WavTokenizerConfig
from vocable.load import load_tokenizer, models
from vocable.nn import Conv1d
from vocable.quantize.codebook import Codebook
from vocable.quantize.scalar import ScalarQuantizer
from vocable.testing.block_examples import seeded
from vocable.testing.tiny_codecs import TINY, TinyConfig, TinyUnits
from vocable.units.higgs import Higgs, HiggsConfig
from vocable.units.informed import Informed, InformedConfig
from vocable.units.neucodec import NeuCodec, NeuCodecConfig
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig
from vocable.units.w2v_bert import W2vBertConfig
from vocable.units.wav2vec2 import Wav2Vec2Config
from vocable.units.wavlm import WavLMConfig
from vocable.units.xcodec import XCodec, XCodecConfig
from vocable.units.xcodec2 import XCodec2, XCodec2Config

Model = TypeVar("Model", bound=TokenizerModel)


def codecs() -> dict[str, Codec]:
    """Return codecs of a few thousand weights, with filled books, and the bundled ones, by name."""
    small = {name: small_codec(name) for name in _small()}
    return small | {name: each for name, each in _bundled().items() if isinstance(each, Codec)}


def small_codec(name: str) -> Codec:
    """Return one of the codecs of a few thousand weights."""
    return copy.deepcopy(_learned(name))


@cache
def _learned(name: str) -> Codec:
    return Codec(filled(seeded(_small()[name])))


def _bundled() -> dict[str, Tokenizer]:
    return {model.name: copy.deepcopy(_loaded(model.name)) for model in models()}


@cache
def _loaded(name: str) -> Tokenizer:
    return load_tokenizer(name)


def _small() -> dict[str, Callable[[], CodecModel]]:
    return {
        **{name: lambda kind=kind: kind(TinyConfig()) for name, kind in TINY.items()},  # type: ignore[misc]
        "soundstream": lambda: SoundStream(soundstream_tiny()),
        "soundstream-stereo": lambda: SoundStream(replace(soundstream_tiny(), channels=2)),
        "soundstream-split": lambda: SoundStream(
            replace(soundstream_tiny(), semantic=1, split=True)
        ),
        "soundstream-residual-fsq": lambda: SoundStream(
            replace(soundstream_tiny(), quantizer=ResidualFSQConfig((5, 3), levels=3))
        ),
        "soundstream-out-rate": lambda: SoundStream(
            replace(soundstream_tiny(), decoder_strides=(8, 2, 2))
        ),
        "encodec": lambda: EnCodec(encodec_tiny()),
        "encodec-symmetric": lambda: EnCodec(encodec_tiny_symmetric()),
        "encodec-stereo": lambda: EnCodec(encodec_tiny_stereo()),
        "informed": lambda: Informed(informed_tiny()),
        "dac": lambda: DAC(dac_tiny()),
        "dac-odd-stride": lambda: DAC(replace(dac_tiny(), strides=(3, 4))),
        "dac-out-rate": lambda: DAC(replace(dac_tiny(), decoder_strides=(8, 2, 3))),
        "dmel": lambda: DMel(dmel_tiny()),
        "snac": lambda: SNAC(replace(snac_tiny(), window=0)),
        "snac-windows": lambda: SNAC(snac_tiny()),
        "mimi": lambda: Mimi(mimi_tiny()),
        "mimi-filled": lambda: Mimi(replace(mimi_tiny(), fill=True)),
        "moss": lambda: Moss(moss_tiny()),
        "voxtral": lambda: Voxtral(voxtral_tiny()),
        "bigcodec": lambda: BigCodec(bigcodec_tiny()),
        "qwen3-tts": lambda: Qwen3TTS(qwen3_tts_tiny()),
        "nanocodec": lambda: NanoCodec(nanocodec_tiny()),
        "facodec": lambda: FACodec(facodec_tiny()),
        "speechtokenizer": lambda: SpeechTokenizer(speechtokenizer_tiny()),
        "vocos": lambda: Vocos(vocos_tiny()),
        "wavtokenizer": lambda: WavTokenizer(wavtokenizer_tiny()),
        "xcodec": lambda: XCodec(xcodec_tiny()),
        "higgs": lambda: Higgs(higgs_tiny()),
        "xcodec2": lambda: XCodec2(xcodec2_tiny()),
        "neucodec": lambda: NeuCodec(NeuCodecConfig(**(vars(xcodec2_tiny()) | {"hop": 480}))),
        "speech": lambda: Speech(speech_tiny()),
        "channel-vocoder": lambda: ChannelVocoder(channel_vocoder_tiny()),
        "transform": lambda: Transform(transform_tiny()),
    }


def tokenizers() -> dict[str, Tokenizer]:
    """Return everything that encodes: the codecs, and what has no way back to sound."""
    return codecs() | _bundled() | {name: copy.deepcopy(_units(name)) for name in _UNITS}


_UNITS: dict[str, Callable[[], TokenizerModel]] = {
    "units": lambda: TinyUnits(TinyConfig()),
    "streaming-units": lambda: StreamingUnits(streaming_units_tiny()),
}


@cache
def _units(name: str) -> Tokenizer:
    return Tokenizer(filled(seeded(_UNITS[name])))


def voice(tokenizer: Tokenizer, batch: int, samples: int) -> torch.Tensor:
    """Return buzzes that glide, swell and pause for hiss, `[batch, channels, samples]` within ±0.5.

    Every stream has a pitch of its own, voiced for 160 of each 200 ms.
    """
    rate, channels = tokenizer.rate, tokenizer.channels
    random = torch.Generator().manual_seed(1)
    time = torch.arange(samples, dtype=torch.float64) / rate
    lowest = 90 + 170 * torch.rand(batch, channels, 1, generator=random, dtype=torch.float64)
    phase = lowest * (time + 0.1 * time.square())
    harmonics = torch.arange(1, 16)[:, None, None, None]
    buzz = ((2 * torch.pi * harmonics * phase).cos() / harmonics).mean(0)
    hiss = 0.2 * torch.rand(batch, channels, samples, generator=random, dtype=torch.float64) - 0.1
    voiced = (time % 0.2 < 0.16) * (0.6 + 0.4 * (30 * time).sin())
    return (2.2 * buzz * voiced + 0.3 * hiss).clamp(-0.5, 0.5).float()


def streaming_units_tiny() -> StreamingUnitsConfig:
    """Return the sizes of narrow units: 16 kHz, 320 samples a frame, as all of them."""
    return StreamingUnitsConfig(
        bands=8, ahead=1, channels=8, layers=1, heads=2, context=6, kernel=3, units=16
    )


def soundstream_tiny() -> SoundStreamConfig:
    """Return the sizes of a narrow SoundStream with an LSTM: 8 kHz, 16 samples a frame."""
    return SoundStreamConfig(
        rate=8000,
        filters=4,
        strides=(2, 8),
        dilations=(1, 3),
        unit_kernel=3,
        lstm_layers=1,
        latent=8,
        sizes=(16,) * 4,
    )


def informed_tiny() -> InformedConfig:
    """Return the sizes of a narrow codec with a teacher: 16 kHz, 640 samples a frame."""
    return InformedConfig(
        filters=2, strides=(4, 4, 5, 8), dilations=(1,), latent=8, sizes=(16,) * 3,
        teacher=streaming_units_tiny(), told=4,
    )  # fmt: skip


def encodec_tiny() -> EnCodecConfig:
    """Return the sizes of a narrow EnCodec as at 24 kHz, causal, its edges reflected."""
    return EnCodecConfig(rate=8000, filters=4, strides=(2, 8), latent=8, sizes=(16,) * 4)


def encodec_tiny_symmetric() -> EnCodecConfig:
    """Return the sizes of a narrow EnCodec as at 32 kHz: odd strides, identity as the skip."""
    return replace(encodec_tiny(), strides=(3, 5), causal=False, unit_shortcut=False)


def encodec_tiny_stereo() -> EnCodecConfig:
    """Return the sizes of a narrow EnCodec as at 48 kHz: stereo in segments of ten frames."""
    return replace(encodec_tiny(), channels=2, causal=False, group_norm=True, segment=(160, 136))


def speechtokenizer_tiny() -> SpeechTokenizerConfig:
    """Return the sizes of a narrow SpeechTokenizer with Snake, which the published one lacks."""
    return SpeechTokenizerConfig(
        rate=8000, filters=4, strides=(2, 8), latent=8, sizes=(16,) * 4, snake=True
    )


def vocos_tiny() -> VocosConfig:
    """Return the sizes of a narrow Vocos behind the narrow EnCodec."""
    return VocosConfig(
        **(asdict(encodec_tiny()) | {"prefixes": (2, 4)}),
        conditions=(2, 4), width=8, hidden=12, blocks=1, window=64,
    )  # fmt: skip


def wavtokenizer_tiny() -> WavTokenizerConfig:
    """Return the sizes of a narrow WavTokenizer: 8 kHz, 16 samples a frame."""
    return WavTokenizerConfig(
        rate=8000, filters=4, strides=(2, 8), lstm_layers=1, latent=8, sizes=(16,), width=8,
        hidden=12, blocks=1, groups=4, window=64,
    )  # fmt: skip


_HUBERT_TINY = Wav2Vec2Config(
    width=8, blocks=1, heads=2, hidden=8, filters=4, position_kernel=4, position_groups=2
)


def xcodec_tiny() -> XCodecConfig:
    """Return the sizes of a narrow X-Codec with WavLM: 16 kHz, 320 samples a frame."""
    return XCodecConfig(
        encoder_channels=2, strides=(16, 20), latent=8, decoder_channels=8,
        decoder_strides=(16, 20), semantic=WavLMConfig(**vars(_HUBERT_TINY), buckets=8, furthest=8),
        dilations=(1, 2), blocks=1, sizes=(16,) * 4, prefixes=(1, 2, 4),
    )  # fmt: skip


def higgs_tiny() -> HiggsConfig:
    """Return the sizes of a narrow Higgs audio tokenizer: 24 kHz, 960 samples a frame."""
    return HiggsConfig(
        encoder_channels=2, strides=(16, 60), latent=8, decoder_channels=8,
        decoder_strides=(60, 16), semantic=_HUBERT_TINY, dilations=(1,), blocks=1,
        sizes=(16,) * 4, prefixes=(2, 4), code_width=4,
    )  # fmt: skip


def xcodec2_tiny() -> XCodec2Config:
    """Return the sizes of a narrow X-Codec 2: 16 kHz, 320 samples a frame, as w2v-BERT hears."""
    semantic = W2vBertConfig(
        width=8, blocks=1, heads=2, hidden=8, bands=8, kernel=3, back=4, ahead=2
    )
    return XCodec2Config(
        encoder_channels=2, strides=(16, 20), width=32, semantic=semantic, steps=(4, 4, 3), heads=2,
        hidden=8, blocks=1,
    )  # fmt: skip


def mimi_tiny() -> MimiConfig:
    """Return a Mimi of a few thousand weights: 8 kHz, 16 samples a frame, attention over 5 rows."""
    return MimiConfig(
        rate=8000,
        filters=4,
        strides=(2, 4),
        latent=8,
        layers=1,
        heads=2,
        hidden=16,
        context=5,
        scale=0.3,
        codebook_width=4,
        sizes=(16,) * 4,
    )


def moss_tiny() -> MossConfig:
    """Return the sizes of a narrow MOSS-Audio-Tokenizer: 8 kHz, stereo, 16 samples a frame."""
    stage: dict[str, Any] = {"width": 8, "heads": 2, "layers": 1, "hidden": 16}
    return MossConfig(
        rate=8000, channels=2, patch=2, latent=12, code=8, sizes=(16,) * 4, code_width=4, scale=0.3,
        encoder=(MossStage(8, 4, 5, **stage, map_in=False), MossStage(2, 6, 3, **stage)),
        decoder=(MossStage(2, 8, 3, **stage, map_out=False), MossStage(8, 8, 5, **stage)),
    )  # fmt: skip


def voxtral_tiny() -> VoxtralConfig:
    """Return the sizes of a narrow codec of Voxtral: 8 kHz, 16 samples a frame."""
    return VoxtralConfig(
        rate=8000, patch=4, patch_kernel=3, width=8, heads=2, head=6, hidden=12, window=4,
        layers=(1, 1, 1), kernels=(4, 4, 3), strides=(2, 2, 1), scale=0.3,
        decoder_layers=(1, 1, 1), decoder_kernels=(3, 4, 4), decoder_strides=(1, 2, 2),
        size=16, searched=4, steps=5, rounded=3,
    )  # fmt: skip


def qwen3_tts_tiny() -> Qwen3TTSConfig:
    """Return the sizes of a narrow tokenizer of Qwen3-TTS: 8 kHz, 16 samples a frame."""
    return Qwen3TTSConfig(
        rate=8000,
        filters=4,
        strides=(2, 4),
        latent=8,
        layers=1,
        heads=2,
        hidden=16,
        context=5,
        scale=0.3,
        codebook_width=4,
        sizes=(16,) * 4,
        upsamples=(2,),
        decoder_strides=(4, 2),
        decoder_latent=8,
        decoder_width=4,
        decoder_layers=1,
        decoder_heads=2,
        decoder_head=6,
        decoder_hidden=8,
        decoder_context=5,
        decoder_filters=8,
    )


def speech_tiny() -> SpeechConfig:
    """Return the sizes of a narrow codec of the shipped architecture."""
    return SpeechConfig(
        encoder_channels=8,
        encoder_blocks=1,
        latent=8,
        decoder_channels=8,
        decoder_blocks=1,
        contours=32,
        sizes=(16,) * 3,
        dimensions=4,
    )


def dmel_tiny() -> DMelConfig:
    """Return the numbers of a coarse dMel: 8 kHz, 80 samples a frame."""
    return DMelConfig(rate=8000, frame=80, transform=256, bands=8, lowest=100.0, highest=3800.0)


def channel_vocoder_tiny() -> ChannelVocoderConfig:
    """Return the sizes of a narrow channel vocoder."""
    return ChannelVocoderConfig(
        bands=8,
        encoder_channels=8,
        encoder_blocks=1,
        decoder_channels=8,
        decoder_blocks=1,
        contours=32,
        levels=32,
        sizes=(16,) * 3,
        dimensions=4,
    )


def transform_tiny() -> TransformConfig:
    """Return the sizes of a narrow transform codec: 8 kHz, 80 samples a frame."""
    return TransformConfig(
        rate=8000,
        frame=80,
        overlap=16,
        bands=((32, 8), (80, 16)),
        units=((32, 8), (64, 16)),
        envelope=(16, 16),
        groups=(4, 3),
        planned=7,
        size=16,
        stages=2,
        prefixes=(3, 5, 8, 10),
        channels=8,
        blocks=1,
    )


@torch.no_grad()
def filled(model: Model) -> Model:
    """Learn codebooks, and a book of pitch, from two seconds of voices; not all codes are one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        sound = voice(Tokenizer(model.eval()), 2, 2 * model.spec.rate)
        model.prepare([sound])
        for part in model.modules():
            if isinstance(part, Codebook) and part.projected:
                _let_projections_undo(part)
        rows = model.encoder(model._rows(model.prepare_input(sound, model.find_sides(sound))))
        model.quantizer.start_learning(rows.flatten(0, 1), per_step=1)
        if isinstance(model.quantizer, ScalarQuantizer) and [*model.encoder.parameters()]:
            _let_numbers_vary(model, model.quantizer.into(rows.flatten(0, 1)))
    books = [part for part in model.modules() if isinstance(part, ContourBook)]
    assert all(len(set(map(tuple, book.hz.tolist()))) > 10 for book in books), "an empty book"
    return model.eval()


def _let_numbers_vary(model: TokenizerModel, numbers: torch.Tensor) -> None:
    """Let numbers fill the lattice: of an untrained encoder they are all about the same."""
    layers = [part for part in model.encoder.modules() if isinstance(part, Conv1d)]
    into = model.quantizer.get_submodule("into")
    last = into if isinstance(into, torch.nn.Linear) else layers[-1]
    assert isinstance(last.weight, torch.Tensor) and last.bias is not None
    scale = 1 / numbers.std(0)
    last.weight.mul_(scale.reshape(-1, *(1,) * (last.weight.dim() - 1)))
    last.bias.sub_(numbers.mean(0)).mul_(scale)


def _let_projections_undo(book: Codebook) -> None:
    """Let projected entries stand for latents that lead to them.

    Untrained projections lead anywhere: residuals would grow with every level.
    """
    down, up = book.get_submodule("down"), book.get_submodule("up")
    assert isinstance(down, torch.nn.Linear) and isinstance(up, torch.nn.Linear)
    back = torch.linalg.pinv(down.weight)
    up.weight.copy_(back)
    up.bias.copy_(-back @ down.bias)
