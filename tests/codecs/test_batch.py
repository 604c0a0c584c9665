"""Law 3: neighbours in a batch change nothing. Law 4: prefixes of levels stand by themselves."""

import numpy as np
import pytest
import torch

from tests.codecs import tiny
from vocable.audio import Audio
from vocable.codecs import batch
from vocable.errors import TokenError

CODECS = {"soundstream": tiny.soundstream(), "speech": tiny.speech()}


@pytest.mark.parametrize("name", CODECS)
def test_a_batch_of_unequal_recordings_equals_singles(name):
    codec = CODECS[name]
    lengths = (900, 1700, 900, 1, 1700, 900)
    sources = [Audio(tiny.sound(n, 1 + i % 2, seed=i), codec.rate) for i, n in enumerate(lengths)]
    alone = [codec.encode(source) for source in sources]
    together = codec.encode_batch(sources)
    assert together == alone
    for one, other in zip(codec.decode_batch(together), map(codec.decode, alone), strict=True):
        assert (one.rate, one.channels, len(one)) == (other.rate, other.channels, len(other))
        np.testing.assert_allclose(one.samples, other.samples, atol=1e-5)


def test_more_streams_than_run_side_by_side(monkeypatch):
    codec = CODECS["soundstream"]
    sources = [Audio(tiny.sound(300, 2, seed=i), codec.rate) for i in range(5)]
    alone = [codec.encode(source) for source in sources]
    monkeypatch.setattr(batch, "STREAMS", 3)
    side_by_side = []
    start = codec._session.start_encoding
    monkeypatch.setattr(
        codec._session,
        "start_encoding",
        lambda batch, levels: side_by_side.append(batch) or start(batch, levels),
    )
    assert codec.encode_batch(sources) == alone
    assert side_by_side == [2] * 5, "two recordings of two streams are more than three"


def test_empty_batches_are_empty():
    assert CODECS["soundstream"].encode_batch([]) == []
    assert CODECS["soundstream"].decode_batch([]) == []


@pytest.mark.parametrize("name", CODECS)
def test_prefixes_equal_encoding_with_fewer_levels_and_decode(name):
    codec = CODECS[name]
    source = Audio(tiny.sound(1500), codec.rate)
    full = codec.encode(source)
    for n in codec.spec.prefixes:
        fewer = codec.encode(source, levels=n)
        assert fewer == full.first(n)
        assert fewer.levels == n
        assert len(codec.decode(fewer)) == 1500


@pytest.mark.parametrize(("name", "levels", "allowed"), [
    ("soundstream", 5, "1, 2, 3, 4"), ("soundstream", 0, "1, 2, 3, 4"), ("speech", 1, "2, 3, 4"),
])  # fmt: skip
def test_other_numbers_of_levels_are_refused_with_the_list(name, levels, allowed):
    codec = CODECS[name]
    with pytest.raises(TokenError, match=allowed):
        codec.encode(tiny.sound(500), rate=codec.rate, levels=levels)
    with pytest.raises(TokenError, match=allowed):
        codec.start_encoding(1, levels=levels)


def test_training_forward_codes_as_encoding_does():
    codec = CODECS["soundstream"]
    x = torch.from_numpy(tiny.sound(333))[None]
    output = codec.model(x)
    assert output.audio.shape == x.shape
    torch.testing.assert_close(output.codes.stacked(), codec.to_codes(x).stacked())
    torch.testing.assert_close(output.audio, codec.from_codes(output.codes)[..., :333])
