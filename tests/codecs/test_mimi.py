"""Mimi: its published facts, its streams, and tokens whose first level is another than the rest."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from vocable.codecs import Codec
from vocable.codecs.latency import latency_of
from vocable.codecs.mimi import Mimi, mimi
from vocable.codecs.state import Decoding, Encoding
from vocable.errors import TokenError
from vocable.testing import codecs, voice
from vocable.testing.block_laws import state_bytes

TINY = codecs()["mimi"]
FRAME = TINY.frame


@pytest.fixture(scope="module")
def published() -> Mimi:
    with torch.device("meta"):
        model = Mimi(mimi())
    model.quantizer.drop_learning()
    return model


def test_the_published_sizes_give_the_published_facts(published):
    spec = published.spec
    assert (spec.rate, spec.frame, spec.frame_rate) == (24_000, 1920, Fraction(25, 2))
    assert [spec.bitrate(n) for n in (1, 8, 32)] == [137.5, 1100, 4400]
    assert spec.prefixes == tuple(range(1, 33))
    assert [level.role for level in spec.levels] == ["semantic"] + ["acoustic"] * 31
    values = sum(tensor.numel() for tensor in published.state_dict().values())
    assert values == 96_085_825  # 96.2 M in transformers' file, which counts its codebooks' use too
    seanet, transformer, _ = published.encoder.blocks
    assert seanet.receptive == 4280 and published.decoder.blocks[2].receptive == 9
    assert transformer.receptive == 8 * 249 + 1
    assert published.encoder.lookahead == published.decoder.lookahead == 0


def test_a_stream_waits_for_its_frame_and_nothing_else(published):
    wait = latency_of(published)
    assert wait.first == wait.steady == Fraction(80, 1000)


def test_a_frame_in_is_a_frame_out_from_the_first_on():
    x = voice(TINY, 1, 9 * FRAME)
    encoding, decoding, sound = TINY.start_encoding(1), TINY.start_decoding(1), []
    for piece in x.split(FRAME, 2):
        codes, encoding = TINY.encode_step(piece, encoding)
        assert [level.shape for level in codes] == [(1, 1)] * 4
        y, decoding = TINY.decode_step(codes, decoding)
        assert y.shape == piece.shape
        sound.append(y)
    whole = TINY.from_codes(TINY.to_codes(x))
    torch.testing.assert_close(torch.cat(sound, 2), whole, rtol=0, atol=1e-5)


def test_streams_of_any_age_share_a_batch():
    """One is new, one has had a frame, one less than it sees, one many times as many as it sees."""
    ages, more = (0, 1, 2, 40), 6
    sounds = voice(TINY, 4, (max(ages) + more) * FRAME)
    sounds = [sounds[n : n + 1, :, : (age + more) * FRAME] for n, age in enumerate(ages)]
    wanted = [TINY.to_codes(x).stacked() for x in sounds]
    heard = [TINY.from_codes(codes) for codes in wanted]
    encodings, decodings = [], []
    for age, x, codes in zip(ages, sounds, wanted, strict=True):
        encodings.append(TINY.encode_step(x[..., : age * FRAME], TINY.start_encoding(1))[1])
        decodings.append(TINY.decode_step(codes[..., :age], TINY.start_decoding(1))[1])
    later = torch.cat([x[..., age * FRAME :] for age, x in zip(ages, sounds, strict=True)])
    codes, state = TINY.encode_step(later, Encoding.stack(encodings))
    assert torch.equal(codes.stacked(), torch.cat([found[..., -more:] for found in wanted]))
    y, _ = TINY.decode_step(codes, Decoding.stack(decodings))
    rest = torch.cat([found[..., -more * FRAME :] for found in heard])
    torch.testing.assert_close(y, rest, rtol=0, atol=1e-5)
    assert state.select([2]).batch == 1


def test_states_hold_the_context_and_no_more():
    encoding, decoding = TINY.start_encoding(1), TINY.start_decoding(1)
    sizes = []
    for seed in range(40):
        x = torch.randn(1, 1, FRAME, generator=torch.Generator().manual_seed(seed))
        codes, encoding = TINY.encode_step(x, encoding)
        _, decoding = TINY.decode_step(codes, decoding)
        sizes.append((state_bytes(encoding.encoder), state_bytes(decoding.decoder)))
    assert len(set(sizes[1:])) == 1


def test_the_semantic_level_is_beside_the_others_not_under_them():
    x = voice(TINY, 1, 8 * FRAME)
    codes = TINY.to_codes(x).stacked()
    other = codes.clone()
    other[:, 0] = (other[:, 0] + 1) % 16
    quantizer = TINY.model.quantizer
    moved = quantizer.decode(other) - quantizer.decode(codes)
    alone = quantizer.decode(other[:, :1]) - quantizer.decode(codes[:, :1])
    torch.testing.assert_close(moved, alone, rtol=0, atol=1e-5)


def test_each_layer_may_fill_up_its_own_stride_instead_of_the_recording():
    """The last frame differs, the others do not."""
    filled = Mimi(replace(TINY.model.config, fill=True))
    filled.quantizer.drop_learning()
    model = Mimi(TINY.model.config)
    model.quantizer.drop_learning()
    filled.load_state_dict(model.state_dict())
    x = voice(TINY, 1, 5 * FRAME - 3)
    with torch.no_grad():
        z, other = (m.eval().encoder(m._rows(x)) for m in (model, filled))
    torch.testing.assert_close(z[:, :4], other[:, :4], rtol=0, atol=1e-5)
    assert z.shape == other.shape == (1, 5, 8) and (z[:, 4] - other[:, 4]).abs().max() > 1e-3


def test_what_it_does_not_have_is_refused_with_what_it_has():
    with pytest.raises(TokenError, match="must be one of 1, 2, 3, 4 for mimi, got 5; nearest: 4"):
        TINY.encode(torch.zeros(100), rate=8000, levels=5)
    other = Codec(codecs()["dac"].model)
    with pytest.raises(TokenError, match="tokens come from mimi@.* but this codec is dac@"):
        other.decode(TINY.encode(torch.zeros(100), rate=8000))
