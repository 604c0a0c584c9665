"""Decoding in chunks, as programs of published codecs do: pieces alone, behind a context."""

import numpy as np
import pytest

from vocable.codecs import Chunks
from vocable.errors import TokenError
from vocable.testing import codecs, voice
from vocable.tokens import AudioTokens

CODECS = codecs()
CODEC = CODECS["qwen3-tts"]


def tokens_of(codec, samples=1005) -> AudioTokens:
    return codec.encode(voice(codec, 2, samples)[:, 0].numpy(), rate=codec.rate)


def test_each_chunk_is_decoded_alone_behind_its_context():
    tokens, frame = tokens_of(CODEC), CODEC.frame
    found = CODEC.decode(tokens, chunks=Chunks(20, context=3)).samples
    pieces = [(0, 0, 20), (17, 20, 40), (37, 40, 60), (57, 60, len(tokens))]
    for begin, start, stop in pieces:
        alone = CODEC.decode(tokens[begin:stop]).samples[:, (start - begin) * frame :]
        at = slice(start * frame, min(stop * frame, found.shape[1]))
        np.testing.assert_allclose(found[:, at], alone[:, : at.stop - at.start], atol=1e-6)
    assert found.shape == (2, 1005)
    whole = CODEC.decode(tokens).samples
    assert np.abs(found - whole)[:, 20 * frame :].max() > 1e-4


def test_one_chunk_is_the_whole_and_so_are_many_where_nothing_reaches_back():
    tokens = tokens_of(CODEC)
    assert CODEC.decode(tokens, chunks=Chunks(100, context=3)) == CODEC.decode(tokens)
    plain = CODECS["plain"]
    tokens = tokens_of(plain)
    found = plain.decode(tokens, chunks=Chunks(7, context=20)).samples
    np.testing.assert_allclose(found, plain.decode(tokens).samples, atol=1e-6)


def test_a_batch_in_chunks_is_its_items():
    several = [tokens_of(CODEC), tokens_of(CODEC, 300), tokens_of(CODEC, 1)]
    chunks = Chunks(16, context=2)
    found = CODEC.decode_batch(several, chunks=chunks)
    assert found == [CODEC.decode(each, chunks=chunks) for each in several]


def test_a_cut_inside_a_token_of_a_coarse_level_is_refused():
    snac = CODECS["snac"]
    with pytest.raises(TokenError, match="a cut must fall on a multiple of"):
        snac.decode(tokens_of(snac), chunks=Chunks(7))


@pytest.mark.parametrize(("frames", "context"), [(0, 0), (-1, 3), (5, -1)])
def test_chunks_that_cannot_be(frames, context):
    with pytest.raises(TokenError, match=rf"got {frames} and {context}$"):
        Chunks(frames, context)
