"""What a codec says of its latency is what its streams do."""

from fractions import Fraction

import pytest
import torch

from vocable import testing
from vocable.codecs.encodec import EnCodec, encodec_24khz, encodec_32khz, encodec_48khz
from vocable.codecs.latency import Latency, latency_of
from vocable.codecs.soundstream import SoundStream, soundstream_24khz

CODECS = testing.codecs()


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if codec.latency])
def test_streams_wait_as_long_as_is_said(name):
    codec = CODECS[name]
    spec, together = codec.spec, codec.model.frames_together
    block = spec.frame * together if spec.segment is None else 1
    samples = 30 * spec.frame * together if spec.segment is None else 5 * spec.segment.hop
    x = testing.voice(codec, 1, samples)
    encoding, decoding, heard, waits = codec.start_encoding(), codec.start_decoding(), 0, []
    for end in range(block, samples + 1, block):
        codes, encoding = codec.encode_step(x[..., end - block : end], encoding)
        y, decoding = codec.decode_step(codes, decoding)
        if y.shape[2]:
            waits.append((end, end - heard))
            heard += y.shape[2] * spec.rate // spec.writes
    first, steady = waits[0][0], max(wait for _, wait in waits[1:])
    assert codec.latency == Latency(Fraction(first, spec.rate), Fraction(steady, spec.rate))


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


def test_what_takes_whole_recordings_has_no_latency():
    assert CODECS["item"].latency is None
