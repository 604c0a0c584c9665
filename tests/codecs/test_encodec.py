"""EnCodec: the published sizes, layers, rates and bitrates."""

import pytest
import torch

from vocable import testing
from vocable.codecs import Decoding, Encoding
from vocable.codecs.encodec import EnCodec, encodec_24khz, encodec_32khz, encodec_48khz
from vocable.errors import ModelError


def on_meta(config):
    with torch.device("meta"):
        return EnCodec(config)


@pytest.fixture(scope="module")
def encodec():
    return on_meta(encodec_24khz())


def shapes(block):
    return [tuple(value.shape) for key, value in block.state_dict().items() if "weight" in key]


@pytest.mark.parametrize(
    ("config", "encoder", "decoder"),
    [
        (encodec_24khz(), 7.42, 7.42),
        (encodec_48khz(), 7.43, 7.43),
        (encodec_32khz(), 28.44, 28.44),
    ],
)
def test_it_has_the_published_size(config, encoder, decoder):
    model = on_meta(config)
    counts = [sum(p.numel() for p in part.parameters()) for part in (model.encoder, model.decoder)]
    assert [round(count / 1e6, 2) for count in counts] == [encoder, decoder]


def test_it_has_the_published_books(encodec):
    codebooks = [tuple(level.codebook.entries.shape) for level in encodec.quantizer.stack]
    assert codebooks == [(1024, 128)] * 32


@pytest.mark.parametrize(
    ("config", "rates"),
    [
        (encodec_24khz(), [1500, 3000, 6000, 12_000, 24_000]),
        (encodec_32khz(), [2200]),
    ],
)
def test_it_has_the_published_rates(config, rates):
    spec = on_meta(config).spec
    assert [spec.bitrate(n) for n in spec.prefixes] == rates


def test_segments_overlap_by_a_hundredth():
    spec = on_meta(encodec_48khz()).spec
    assert (spec.segment.length, spec.segment.hop) == (48_000, 47_520)
    assert spec.segment_frames == 150
    # published as 3, 6, 12 and 24 kbps, without the frames that overlap
    assert [float(spec.bitrate(n)) * 0.99 for n in spec.prefixes] == [3000, 6000, 12_000, 24_000]


def test_it_has_the_published_layers(encodec):
    found = shapes(encodec.encoder)
    assert found[:5] == [(32, 1, 7), (16, 32, 3), (32, 16), (32, 32), (64, 32, 4)]
    assert found[-5:] == [(2048, 512)] * 4 + [(128, 512, 7)]
    assert shapes(encodec.decoder)[0] == (512, 128, 7)
    assert shapes(encodec.decoder)[-1] == (1, 32, 7)


def started(codec, x, frames):
    """Return the codes of the first frames of a stream, and its state."""
    return codec.encode_step(x[..., : frames * codec.frame], codec.start_encoding(1))


def test_streams_join_once_they_have_started_and_not_before():
    """The reflected start takes seven frames; then streams of any age step together."""
    codec = testing.codecs()["encodec"]
    x = testing.voice(codec, 2, 40 * codec.frame)
    alone = codec.to_codes(x).stacked()
    waiting, young = started(codec, x[:1], 6)
    assert waiting[0].shape[1] == 0
    first, old = started(codec, x[1:], 20)
    with pytest.raises(ModelError, match="state 1 holds .* run it alone until both are in one"):
        Encoding.stack([old, young])
    more, young = codec.encode_step(x[:1, :, 6 * codec.frame : 7 * codec.frame], young)
    assert more[0].shape[1] == 7
    both = Encoding.stack([old, young])
    block = torch.cat((x[1:, :, 20 * 16 : 30 * 16], x[:1, :, 7 * 16 : 17 * 16]))
    codes, _ = codec.encode_step(block, both)
    assert torch.equal(codes.stacked()[0], alone[1, :, 20:30])
    assert torch.equal(codes.stacked()[1], alone[0, :, 7:17])


def test_decoders_join_once_they_have_started_and_not_before():
    codec = testing.codecs()["encodec"]
    codes = codec.to_codes(testing.voice(codec, 2, 40 * codec.frame)).stacked()
    alone = codec.from_codes(codes)
    silent, young = codec.decode_step(codes[:1, :, :6], codec.start_decoding())
    assert silent.shape[2] == 0
    heard, old = codec.decode_step(codes[1:, :, :20], codec.start_decoding())
    with pytest.raises(ModelError, match="state 1 holds .* run it alone until both are in one"):
        Decoding.stack([old, young])
    more, young = codec.decode_step(codes[:1, :, 6:7], young)
    assert (heard.shape[2], more.shape[2]) == (20 * 16, 7 * 16)
    block = torch.cat((codes[1:, :, 20:30], codes[:1, :, 7:17]))
    y, _ = codec.decode_step(block, Decoding.stack([old, young]))
    torch.testing.assert_close(y[0], alone[1, :, 20 * 16 : 30 * 16], rtol=0, atol=1e-5)
    torch.testing.assert_close(y[1], alone[0, :, 7 * 16 : 17 * 16], rtol=0, atol=1e-5)
