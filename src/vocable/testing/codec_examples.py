"""List examples of every codec and tokenizer: small ones, and the models of the package.

Each call gives codecs of its own, so that no test sees what another did to them. They are copies,
made when they are asked for: codebooks are learned, and models loaded, once a process.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TypeVar, cast

import torch

from vocable.codecs import Codec, CodecModel, Tokenizer, TokenizerModel
from vocable.codecs.bigcodec import BigCodec, bigcodec_tiny
from vocable.codecs.channel_vocoder import ChannelVocoder
from vocable.codecs.contours import ContourBook
from vocable.codecs.dac import DAC, dac_tiny
from vocable.codecs.dmel import DMel
from vocable.codecs.encodec import EnCodec
from vocable.codecs.esc import ESC
from vocable.codecs.facodec import FACodec, facodec_tiny, facodec_v2_tiny
from vocable.codecs.flow_vocoder import FlowVocoder
from vocable.codecs.harpnet import HARPNet
from vocable.codecs.jukebox import Jukebox
from vocable.codecs.mimi import Mimi
from vocable.codecs.mimo_audio import MiMoAudio
from vocable.codecs.moss import Moss
from vocable.codecs.nanocodec import NanoCodec, nanocodec_tiny
from vocable.codecs.pocket_tts import PocketTTS
from vocable.codecs.quantizer_config import ResidualFSQConfig
from vocable.codecs.qwen3_tts import Qwen3TTS
from vocable.codecs.snac import SNAC, snac_tiny
from vocable.codecs.soundstream import SoundStream
from vocable.codecs.speech import Speech
from vocable.codecs.speechtokenizer import SpeechTokenizer
from vocable.codecs.ticodec import TiCodec, ticodec_tiny
from vocable.codecs.transform import Transform
from vocable.codecs.vibevoice import VibeVoice, VibeVoiceSemantic, VibeVoiceSemanticConfig
from vocable.codecs.vocos import Vocos
from vocable.codecs.vocos_mel import VocosMel
from vocable.codecs.voxtral import Voxtral
from vocable.codecs.wavtokenizer import WavTokenizer
from vocable.load import load_tokenizer, models
from vocable.nn import Conv1d, Linear
from vocable.quantize.codebook import Codebook
from vocable.quantize.scalar import ScalarQuantizer
from vocable.testing.block_examples import seeded
from vocable.testing.examples import Examples
from vocable.testing.tiny_codecs import TINY, TinyConfig, TinyUnits
from vocable.testing.tiny_configs import (
    channel_vocoder_tiny,
    dmel_tiny,
    dualcodec_tiny,
    encodec_tiny,
    encodec_tiny_stereo,
    encodec_tiny_symmetric,
    esc_tiny,
    flow_vocoder_tiny,
    focalcodec_stream_tiny,
    focalcodec_tiny,
    harpnet_tiny,
    higgs_tiny,
    informed_tiny,
    jukebox_tiny,
    kanade_tiny,
    mimi_tiny,
    mimo_audio_tiny,
    moss_tiny,
    pocket_tts_tiny,
    qwen3_tts_tiny,
    soundstream_tiny,
    speech_tiny,
    speechtokenizer_tiny,
    streaming_units_tiny,
    transform_tiny,
    vibevoice_tiny,
    vocos_mel_tiny,
    vocos_tiny,
    voxtral_tiny,
    wavtokenizer_tiny,
    xcodec2_tiny,
    xcodec_tiny,
)
from vocable.units.dualcodec import DualCodec
from vocable.units.focalcodec import FocalCodec
from vocable.units.focalcodec_stream import FocalCodecStream
from vocable.units.higgs import Higgs
from vocable.units.informed import Informed
from vocable.units.kanade import Kanade
from vocable.units.neucodec import NeuCodec, NeuCodecConfig
from vocable.units.streaming import StreamingUnits
from vocable.units.xcodec import XCodec
from vocable.units.xcodec2 import XCodec2

Model = TypeVar("Model", bound=TokenizerModel)


def codecs() -> Examples[Codec]:
    """Return codecs of a few thousand weights, with filled books, and the bundled ones, by name."""
    decode = [model.name for model in models() if isinstance(_form(model.name), Codec)]
    return Examples([*_small(), *decode], small_codec, lambda name: cast(Codec, _form(name)))


def tokenizers() -> Examples[Tokenizer]:
    """Return everything that encodes: the codecs, and what has no way back to sound."""
    names = [*codecs(), *(model.name for model in models()), *_UNITS]
    return Examples(names, lambda name: copy.deepcopy(_learned(name)), _form)


def small_codec(name: str) -> Codec:
    """Return one of the codecs."""
    return cast(Codec, copy.deepcopy(_learned(name)))


@cache
def _learned(name: str) -> Tokenizer:
    if name in _small():
        return Codec(filled(seeded(_small()[name])))
    return Tokenizer(filled(seeded(_UNITS[name]))) if name in _UNITS else load_tokenizer(name)


@cache
def _form(name: str) -> Tokenizer:
    """Return what has the form of an example, and nothing in its books."""
    if name in _small():
        return Codec(seeded(_small()[name]))
    return Tokenizer(seeded(_UNITS[name])) if name in _UNITS else _learned(name)


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
        "mimo-audio": lambda: MiMoAudio(mimo_audio_tiny()),
        "moss": lambda: Moss(moss_tiny()),
        "pocket-tts": lambda: PocketTTS(pocket_tts_tiny()),
        "vibevoice": lambda: VibeVoice(vibevoice_tiny()),
        "voxtral": lambda: Voxtral(voxtral_tiny()),
        "bigcodec": lambda: BigCodec(bigcodec_tiny()),
        "qwen3-tts": lambda: Qwen3TTS(qwen3_tts_tiny()),
        "nanocodec": lambda: NanoCodec(nanocodec_tiny()),
        "esc": lambda: ESC(esc_tiny()),
        "harpnet": lambda: HARPNet(harpnet_tiny()),
        "jukebox": lambda: Jukebox(jukebox_tiny()),
        "facodec": lambda: FACodec(facodec_tiny()),
        "ticodec": lambda: TiCodec(ticodec_tiny()),
        "ticodec-grouped": lambda: TiCodec(replace(ticodec_tiny(), groups=2)),
        "facodec-v2": lambda: FACodec(facodec_v2_tiny()),
        "speechtokenizer": lambda: SpeechTokenizer(speechtokenizer_tiny()),
        "vocos": lambda: Vocos(vocos_tiny()),
        "vocos-mel": lambda: VocosMel(vocos_mel_tiny()),
        "wavtokenizer": lambda: WavTokenizer(wavtokenizer_tiny()),
        "xcodec": lambda: XCodec(xcodec_tiny()),
        "higgs": lambda: Higgs(higgs_tiny()),
        "kanade": lambda: Kanade(kanade_tiny()),
        "xcodec2": lambda: XCodec2(xcodec2_tiny()),
        "neucodec": lambda: NeuCodec(NeuCodecConfig(**(vars(xcodec2_tiny()) | {"hop": 480}))),
        "dualcodec": lambda: DualCodec(dualcodec_tiny()),
        "focalcodec": lambda: FocalCodec(focalcodec_tiny()),
        "focalcodec-stream": lambda: FocalCodecStream(focalcodec_stream_tiny()),
        "speech": lambda: Speech(speech_tiny()),
        "channel-vocoder": lambda: ChannelVocoder(channel_vocoder_tiny()),
        "flow-vocoder": lambda: FlowVocoder(flow_vocoder_tiny()),
        "transform": lambda: Transform(transform_tiny()),
    }


_UNITS: dict[str, Callable[[], TokenizerModel]] = {
    "units": lambda: TinyUnits(TinyConfig()),
    "vibevoice-semantic": lambda: VibeVoiceSemantic(
        VibeVoiceSemanticConfig(**vars(vibevoice_tiny()))
    ),
    "streaming-units": lambda: StreamingUnits(streaming_units_tiny()),
}


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
    layers = [part for part in model.encoder.modules() if isinstance(part, Conv1d | Linear)]
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
    if up.bias is not None:
        up.bias.copy_(-back @ down.bias)
