"""EnCodec: the published sizes, layers, rates and bitrates."""

import pytest
import torch

from vocable.codecs.encodec import EnCodec, encodec_24khz, encodec_32khz, encodec_48khz


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
