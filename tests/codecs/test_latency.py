"""What a codec says of its latency is what its streams do."""

import math
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from vocable import testing
from vocable.codecs.bigcodec import BigCodec, bigcodec
from vocable.codecs.dac import DAC, dac_16khz, dac_24khz, dac_44khz
from vocable.codecs.encodec import EnCodec, encodec_24khz, encodec_32khz, encodec_48khz
from vocable.codecs.latency import Latency, latency_of
from vocable.codecs.mimi import Mimi, mimi
from vocable.codecs.moss import Moss, moss_audio_tokenizer_nano
from vocable.codecs.nanocodec import NanoCodec, nanocodec_0_6kbps, nanocodec_1_89kbps
from vocable.codecs.pocket_tts import PocketTTS, pocket_tts
from vocable.codecs.qwen3_tts import Qwen3TTS, qwen3_tts_12hz
from vocable.codecs.snac import SNAC, snac_24khz, snac_32khz, snac_44khz
from vocable.codecs.soundstream import SoundStream, soundstream_24khz
from vocable.codecs.vibevoice import VibeVoice, vibevoice
from vocable.codecs.voxtral import Voxtral, VoxtralConfig
from vocable.units.focalcodec_stream import FocalCodecStream, focalcodec_50hz_4k_causal

CODECS = testing.codecs()


@pytest.mark.parametrize("name", CODECS.names(lambda codec: codec.latency))
def test_streams_wait_as_long_as_is_said(name):
    codec = CODECS[name]
    spec = codec.spec
    block = codec.model.samples_a_step if spec.segment is None else 1
    blocks = 10 + 3 * math.ceil(codec.latency.steady * spec.rate / block)
    samples = blocks * block if spec.segment is None else 5 * spec.segment.hop
    x = testing.voice(codec, 1, samples)
    encoding, decoding, heard, waits = codec.start_encoding(), codec.start_decoding(), 0, []
    for end in range(block, samples + 1, block):
        codes, encoding = codec.encode_step(x[..., end - block : end], encoding)
        y, decoding = codec.decode_step(codes, decoding)
        if y.shape[2]:
            now = Fraction(end, spec.rate)
            waits.append((now, now - heard))
            heard += Fraction(y.shape[2], spec.writes)
    first, steady = waits[0][0], max(wait for _, wait in waits[1:])
    assert codec.latency == Latency(first, steady)


@pytest.mark.parametrize(
    ("kind", "config", "says"),
    [
        (SoundStream, soundstream_24khz(), "13.3 ms, first sound after 13.3 ms"),
        (EnCodec, encodec_24khz(), "13.3 ms, first sound after 93.3 ms"),  # seven frames
        (EnCodec, encodec_48khz(), "1000.0 ms, first sound after 1000.0 ms"),
        (EnCodec, encodec_32khz(), "175.1 ms, first sound after 160.0 ms"),
    ],
)
def test_the_published_sizes_wait_so_long(kind, config, says):
    with torch.device("meta"):
        assert str(latency_of(kind(config))) == says


def on_meta(kind, config):
    with torch.device("meta"):
        return kind(config)


FACTS = {
    "SoundStream": lambda: on_meta(SoundStream, soundstream_24khz()),
    "Mimi": lambda: on_meta(Mimi, mimi()),
    "Qwen3-TTS 12 Hz": lambda: on_meta(Qwen3TTS, qwen3_tts_12hz()),
    "MOSS-Audio-Tokenizer-Nano": lambda: on_meta(Moss, moss_audio_tokenizer_nano()),
    "Pocket TTS": lambda: on_meta(PocketTTS, pocket_tts()),
    "VibeVoice": lambda: on_meta(VibeVoice, vibevoice()),
    "Voxtral's codec": lambda: on_meta(Voxtral, VoxtralConfig()),
    "EnCodec 24 kHz": lambda: on_meta(EnCodec, encodec_24khz()),
    "EnCodec 48 kHz": lambda: on_meta(EnCodec, encodec_48khz()),
    "EnCodec 32 kHz": lambda: on_meta(EnCodec, encodec_32khz()),
    "DAC 16 kHz": lambda: on_meta(DAC, dac_16khz()),
    "DAC 24 kHz": lambda: on_meta(DAC, dac_24khz()),
    "DAC 44.1 kHz": lambda: on_meta(DAC, dac_44khz()),
    "SNAC 24 kHz": lambda: on_meta(SNAC, snac_24khz()),
    "SNAC 32 kHz": lambda: on_meta(SNAC, snac_32khz()),
    "SNAC 44.1 kHz": lambda: on_meta(SNAC, snac_44khz()),
    "BigCodec": lambda: on_meta(BigCodec, bigcodec()),
    "FocalCodec-Stream": lambda: on_meta(FocalCodecStream, focalcodec_50hz_4k_causal()),
    "NanoCodec 12.5 Hz": lambda: on_meta(NanoCodec, nanocodec_0_6kbps()),
    "NanoCodec 21.5 Hz": lambda: on_meta(NanoCodec, nanocodec_1_89kbps()),
}


def test_the_page_on_streaming_says_so():
    page = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text(encoding="utf-8")
    facts = page.partition("## Facts")[2].partition("`codec.latency`")[0]
    rows = [line.strip("| ").split(" | ") for line in facts.splitlines() if " ms |" in line]
    found = {name.strip("`"): said for name, *said in rows}
    assert found.keys() == {"speech-16k", "sound-48k", *FACTS}
    for name, (frame, *looks, steady, first) in found.items():
        model = FACTS[name]() if name in FACTS else CODECS[name].model
        spec, latency = model.spec, latency_of(model)
        seconds = (Fraction(spec.frame, spec.rate), latency.steady, latency.first)
        assert [frame, steady, first] == [f"{float(s) * 1000:.1f} ms" for s in seconds]
        if spec.segment is None and name in FACTS:
            ahead = (model.encoder.lookahead / spec.rate, model.decoder.lookahead * seconds[0])
            assert looks == [f"{float(s) * 1000:.0f} ms" if s else "none" for s in ahead]


def test_what_takes_whole_recordings_has_no_latency():
    assert CODECS["item"].latency is None
