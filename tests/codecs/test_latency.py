"""What a codec says of its latency is what its streams do."""

import math
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from vocable import testing
from vocable.codecs.encodec import EnCodec, encodec_24khz, encodec_32khz, encodec_48khz
from vocable.codecs.latency import Latency, latency_of
from vocable.codecs.mimi import Mimi, mimi
from vocable.codecs.soundstream import SoundStream, soundstream_24khz

CODECS = testing.codecs()


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if codec.latency])
def test_streams_wait_as_long_as_is_said(name):
    codec = CODECS[name]
    spec, together = codec.spec, codec.model.frames_together
    block = spec.frame * together if spec.segment is None else 1
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


def test_the_page_on_streaming_says_so():
    page = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ")[1:]
            for line in page.splitlines() if line.startswith("| ")}  # fmt: skip
    made = [CODECS["speech-16k"].latency]
    with torch.device("meta"):
        made.append(latency_of(SoundStream(soundstream_24khz())))
        made.append(latency_of(Mimi(mimi())))
        made += [latency_of(EnCodec(c())) for c in (encodec_24khz, encodec_48khz, encodec_32khz)]
    assert [f"{latency.steady * 1000:.1f} ms" for latency in made] == rows["latency"]
    assert [f"{latency.first * 1000:.1f} ms" for latency in made] == rows["first sound after"]


def test_what_takes_whole_recordings_has_no_latency():
    assert CODECS["item"].latency is None
