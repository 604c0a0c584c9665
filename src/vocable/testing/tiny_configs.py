"""Sizes of the narrow codecs and tokenizers of `codec_examples`: a few thousand weights each."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from vocable.codecs.channel_vocoder import ChannelVocoderConfig
from vocable.codecs.dac import DACConfig
from vocable.codecs.dmel import DMelConfig
from vocable.codecs.encodec import EnCodecConfig
from vocable.codecs.esc import ESCConfig
from vocable.codecs.flow_vocoder import FlowVocoderConfig
from vocable.codecs.harpnet import HARPNetConfig
from vocable.codecs.jukebox import JukeboxConfig
from vocable.codecs.mimi import MimiConfig
from vocable.codecs.mimo_audio import MiMoAudioConfig
from vocable.codecs.moss import MossConfig, MossStage
from vocable.codecs.pocket_tts import PocketTTSConfig, PocketTTSSide
from vocable.codecs.qwen3_tts import Qwen3TTSConfig
from vocable.codecs.soundstream import SoundStreamConfig
from vocable.codecs.speech import SpeechConfig
from vocable.codecs.speechtokenizer import SpeechTokenizerConfig
from vocable.codecs.transform import TransformConfig
from vocable.codecs.vibevoice import VibeVoiceConfig
from vocable.codecs.vocos import VocosConfig
from vocable.codecs.vocos_mel import VocosMelConfig
from vocable.codecs.voxtral import VoxtralConfig
from vocable.codecs.wavtokenizer import WavTokenizerConfig
from vocable.units.dualcodec import DualCodecConfig
from vocable.units.focalcodec import FocalCodecConfig
from vocable.units.focalcodec_stream import FocalCodecStreamConfig
from vocable.units.higgs import HiggsConfig
from vocable.units.informed import InformedConfig
from vocable.units.kanade import KanadeConfig, KanadeLayers
from vocable.units.streaming import StreamingUnitsConfig
from vocable.units.w2v_bert import W2vBertConfig
from vocable.units.wav2vec2 import Wav2Vec2Config
from vocable.units.wavlm import WavLMConfig
from vocable.units.xcodec import XCodecConfig
from vocable.units.xcodec2 import XCodec2Config


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


def vocos_mel_tiny() -> VocosMelConfig:
    """Return the sizes of a narrow Vocos of mel spectra: 8 kHz, 16 samples a frame."""
    return VocosMelConfig(rate=8000, frame=16, window=64, bands=8, width=8, hidden=12, blocks=1)


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


def kanade_tiny() -> KanadeConfig:
    """Return the sizes of a narrow Kanade: 16 kHz, 640 samples a frame."""
    one: dict[str, Any] = {"heads": 2, "hidden": 8, "layers": 1}
    return KanadeConfig(
        rate=16_000, semantic=WavLMConfig(**vars(_HUBERT_TINY), buckets=8, furthest=8),
        content_layers=(1,), voice_layers=(0, 1), content=KanadeLayers(2, **one), steps=(4, 4, 3),
        voice=4, voice_width=8, voice_hidden=8, voice_blocks=1, voice_asking=4,
        slow=KanadeLayers(1, **one), upsampling=2, spectra=KanadeLayers(2, **one), spectra_width=8,
        bands=4, hop=64, window=256, post_width=4, post_kernel=3, post_layers=2, vocoder_width=8,
        vocoder_hidden=12, vocoder_blocks=1,
    )  # fmt: skip


_W2V_BERT_TINY = W2vBertConfig(
    width=8, blocks=1, heads=2, hidden=8, bands=8, kernel=3, back=4, ahead=2
)


def xcodec2_tiny() -> XCodec2Config:
    """Return the sizes of a narrow X-Codec 2: 16 kHz, 320 samples a frame, as w2v-BERT hears."""
    return XCodec2Config(
        encoder_channels=2, strides=(16, 20), width=32, semantic=_W2V_BERT_TINY, steps=(4, 4, 3),
        heads=2, hidden=8, blocks=1,
    )  # fmt: skip


def dualcodec_tiny() -> DualCodecConfig:
    """Return the sizes of a narrow DualCodec: 24 kHz, 960 samples a frame."""
    sound = DACConfig(
        rate=24_000, encoder_channels=2, strides=(16, 60), latent=8, decoder_channels=8,
        sizes=(16,) * 3, code_width=4,
    )  # fmt: skip
    return DualCodecConfig(
        sound=sound, semantic=_W2V_BERT_TINY, pooled=2, size=32, code_width=4, width=8, hidden=12,
        blocks=1,
    )  # fmt: skip


_WAVLM_TINY = WavLMConfig(
    **(vars(_HUBERT_TINY) | {"pre_norm": True, "extractor": "layer"}), buckets=8, furthest=8
)


def focalcodec_tiny() -> FocalCodecConfig:
    """Return the sizes of a narrow FocalCodec: 16 kHz, 640 samples a frame."""
    return FocalCodecConfig(
        semantic=_WAVLM_TINY, widths=(8, 6), factors=(2, 1), kernels=(3, 4), bits=4,
        decoder_width=8, decoder_hidden=12, decoder_blocks=1, window=640,
    )  # fmt: skip


def focalcodec_stream_tiny() -> FocalCodecStreamConfig:
    """Return the sizes of a narrow FocalCodec-Stream: chunks of three frames of 320 samples."""
    return FocalCodecStreamConfig(
        semantic=_WAVLM_TINY, attention=7, chunk=3, widths=(8, 6), kernels=(3, 4, 6), last_kernel=5,
        bits=4, decoder_width=8, decoder_blocks=1,
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


def mimo_audio_tiny() -> MiMoAudioConfig:
    """Return the sizes of a narrow MiMo-Audio-Tokenizer: 8 kHz, segments of 2 × 16 samples."""
    return MiMoAudioConfig(
        rate=8000, hop=4, window=16, bands=4, segment=8, width=8, heads=2, hidden=12, layers=2,
        skip=1, decoder_heads=2, decoder_hidden=12, decoder_layers=1, vocoder_width=8,
        vocoder_heads=2, vocoder_hidden=12, vocoder_layers=1, vocoder_back=3, vocoder_ahead=2,
        sizes=(16, 16, 8, 8),
    )  # fmt: skip


def moss_tiny() -> MossConfig:
    """Return the sizes of a narrow MOSS-Audio-Tokenizer: 8 kHz, stereo, 16 samples a frame."""
    stage: dict[str, Any] = {"width": 8, "heads": 2, "layers": 1, "hidden": 16}
    return MossConfig(
        rate=8000, channels=2, patch=2, latent=12, code=8, sizes=(16,) * 4, code_width=4, scale=0.3,
        encoder=(MossStage(8, 4, 5, **stage, map_in=False), MossStage(2, 6, 3, **stage)),
        decoder=(MossStage(2, 8, 3, **stage, map_out=False), MossStage(8, 8, 5, **stage)),
    )  # fmt: skip


def vibevoice_tiny() -> VibeVoiceConfig:
    """Return the sizes of a narrow acoustic tokenizer of VibeVoice: 8 kHz, 16 samples a frame."""
    return VibeVoiceConfig(
        rate=8000, latent=6, filters=2, kernel=3, strides=(2, 8), depths=(1, 1, 2), expansion=2,
        scale=0.3,
    )  # fmt: skip


def voxtral_tiny() -> VoxtralConfig:
    """Return the sizes of a narrow codec of Voxtral: 8 kHz, 16 samples a frame."""
    return VoxtralConfig(
        rate=8000, patch=4, patch_kernel=3, width=8, heads=2, head=6, hidden=12, window=4,
        layers=(1, 1, 1), kernels=(4, 4, 3), strides=(2, 2, 1), scale=0.3,
        decoder_layers=(1, 1, 1), decoder_kernels=(3, 4, 4), decoder_strides=(1, 2, 2),
        size=16, searched=4, steps=5, rounded=3,
    )  # fmt: skip


def pocket_tts_tiny() -> PocketTTSConfig:
    """Return the sizes of a narrow codec of Pocket TTS, its decoder narrower yet, at 8 kHz."""
    side = PocketTTSSide(
        filters=4, strides=(2, 4), latent=8, layers=1, heads=2, hidden=16, context=5, scale=0.3
    )
    decoder = replace(side, filters=2, first_kernel=3, latent=4, layers=2, context=3)
    return PocketTTSConfig(rate=8000, floats=6, resample=2, encoder=side, decoder=decoder)


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


def flow_vocoder_tiny() -> FlowVocoderConfig:
    """Return the sizes of a narrow channel vocoder with a narrow flow."""
    return FlowVocoderConfig(
        **asdict(channel_vocoder_tiny()), flow_bands=6, flow_channels=8, flow_blocks=1, steps=2
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


def esc_tiny() -> ESCConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 16 samples a frame."""
    return ESCConfig(
        rate=8000, hop=4, taper=14, bins=12, patch=(3, 2), widths=(6, 12, 12), heads=(2, 3),
        window=2, growth=2.0, size=16, code_widths=(4, 4, 3),
    )  # fmt: skip


def harpnet_tiny() -> HARPNetConfig:
    """Return a codec of a few hundred weights, for tests, with two skips."""
    return HARPNetConfig(
        rate=8000, channels=3, layers=3, kernel=5, code_kernel=3, skips=2, skip_layers=1, size=8
    )


def jukebox_tiny() -> JukeboxConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 2, 4 and 8 samples a token."""
    return JukeboxConfig(
        rate=8000, downs=(1, 1, 1), width=4, depth=2, multipliers=(2, 1, 1), growth=3, latent=4,
        size=16,
    )  # fmt: skip
