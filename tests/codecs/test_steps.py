"""Law 2: what a stream gives in blocks of any size equals whole mode; old states stay valid."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codecs import tiny
from vocable.codecs import Decoding, Encoding, batch
from vocable.codecs.codes import join_codes
from vocable.errors import AudioError, ModelError, TokenError

CODECS = {
    "soundstream": tiny.soundstream(),
    "stereo": tiny.soundstream(channels=2),
    "speech": tiny.speech(),
}


def encoded(codec, x, sizes, levels=None):
    state = codec.start_encoding(len(x), levels=levels)
    parts, start = [], 0
    for size in [*sizes, x.shape[2]]:
        codes, state = codec.encode_step(x[..., start : start + size], state)
        parts.append(codes)
        start += size
    return join_codes(codec.spec, [*parts, codec.finish_encoding(state)]).stacked()


def decoded(codec, codes, sizes):
    state = codec.start_decoding(len(codes))
    parts, start = [], 0
    for size in [*sizes, codes.shape[2]]:
        samples, state = codec.decode_step(codes[..., start : start + size], state)
        parts.append(samples)
        start += size
    return torch.cat([*parts, codec.finish_decoding(state)], dim=2)


def noise(codec, batch, samples):
    return torch.from_numpy(tiny.sound(samples, batch * codec.channels)).reshape(
        batch, codec.channels, samples
    )


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None, max_examples=12)
@given(st.data())
def test_streams_equal_whole(name, data):
    codec = CODECS[name]
    x = noise(codec, 2, data.draw(st.integers(1, 4 * codec.frame)))
    sizes = data.draw(st.lists(st.integers(0, 2 * codec.frame), max_size=6))
    whole = codec.to_codes(x).stacked()
    torch.testing.assert_close(encoded(codec, x, sizes), whole, rtol=0, atol=0)
    sizes = data.draw(st.lists(st.integers(0, 3), max_size=6))
    audio = codec.from_codes(whole)
    assert audio.shape == (2, codec.channels, whole.shape[2] * codec.frame)
    torch.testing.assert_close(decoded(codec, whole, sizes), audio, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CODECS)
def test_a_recording_in_tiles_equals_it_whole(name, monkeypatch):
    codec = CODECS[name]
    x = tiny.sound(20 * codec.frame + 3, codec.channels)
    whole = codec.encode(x, rate=codec.rate)
    audio = codec.decode(whole)
    monkeypatch.setattr(batch, "TILE", 3 * codec.frame / codec.rate)
    assert codec.encode(x, rate=codec.rate) == whole
    np.testing.assert_allclose(codec.decode(whole).samples, audio.samples, atol=1e-5)


def test_an_old_state_stays_valid():
    codec = CODECS["soundstream"]
    x = noise(codec, 1, 100)
    _, state = codec.encode_step(x[..., :37], codec.start_encoding(1))
    first = codec.encode_step(x[..., 37:], state)[0]
    again = codec.encode_step(x[..., 37:], state)[0]
    torch.testing.assert_close(again.stacked(), first.stacked(), rtol=0, atol=0)


@pytest.mark.parametrize("name", CODECS)
def test_streams_join_and_leave_a_batch_unharmed(name):
    codec = CODECS[name]
    x = noise(codec, 3, 6 * codec.frame)
    alone = [encoded(codec, row[None], [codec.frame]) for row in x]
    states = []
    for row in x:
        codes, state = codec.encode_step(row[None, :, : codec.frame], codec.start_encoding(1))
        states.append(state)
    together = Encoding.stack(states)
    middle, together = codec.encode_step(x[..., codec.frame : 3 * codec.frame], together)
    left = together.select([2, 0])
    late, left = codec.encode_step(x[[2, 0]][..., 3 * codec.frame :], left)
    for row, at in ((2, 0), (0, 1)):
        torch.testing.assert_close(middle.stacked()[row], alone[row][0, :, 1:3])
        torch.testing.assert_close(late.stacked()[at], alone[row][0, :, 3:])


def test_decoding_streams_join_and_leave_a_batch_unharmed():
    codec = CODECS["speech"]
    codes = codec.to_codes(noise(codec, 2, 6 * codec.frame)).stacked()
    alone = codec.from_codes(codes)
    first = [codec.decode_step(row[None, :, :2], codec.start_decoding(1)) for row in codes]
    together = Decoding.stack([state for _, state in first])
    _, together = codec.decode_step(codes[..., 2:4], together)
    late, state = codec.decode_step(codes[1:, :, 4:], together.select([1]))
    late = torch.cat([late, codec.finish_decoding(state)], dim=2)
    torch.testing.assert_close(late, alone[1:, :, -late.shape[2] :], rtol=0, atol=1e-5)


def test_streams_at_different_points_of_a_frame_do_not_join():
    codec = CODECS["soundstream"]
    x = noise(codec, 1, 100)
    states = [codec.encode_step(x[..., :n], codec.start_encoding(1))[1] for n in (16, 21)]
    with pytest.raises(ModelError, match="stream 1 holds 5 samples.*stream 0 0"):
        Encoding.stack(states)


def test_a_block_of_other_streams_is_refused():
    codec = CODECS["soundstream"]
    with pytest.raises(ModelError, match=r"block is \[2, 1, 100\] but the state is of 1 streams"):
        codec.encode_step(noise(codec, 2, 100), codec.start_encoding(1))
    codes = torch.zeros(2, 4, 3, dtype=torch.int64)
    with pytest.raises(ModelError, match="codes are of 2 streams but the state is of 1"):
        codec.decode_step(codes, codec.start_decoding(1))


@pytest.mark.usefixtures("untyped")
def test_samples_that_encode_would_scale_or_refuse_are_refused():
    codec = CODECS["stereo"]
    state, x = codec.start_encoding(3), noise(codec, 3, 40)
    with pytest.raises(AudioError, match="block is torch.int16 .* divide int16 by 32768"):
        codec.encode_step((x * 32768).to(torch.int16), state)
    for bad in (torch.nan, torch.inf, -torch.inf):
        spoilt = x.clone()
        spoilt[1, 0, 23] = spoilt[1, 0, 31] = bad
        words = f"sample 23 of channel 0 of stream 1 of the block is {bad}, which encode refuses"
        with pytest.raises(AudioError, match=words):
            codec.encode_step(spoilt, state)
    with pytest.raises(AudioError, match=r"block reaches .*e\+29, far beyond ±1; divide 16-bit"):
        codec.encode_step(x.double() * 1e30, state)
    loud = codec.encode_step(x.double() * 1e30, state, allow_loud=True)
    assert loud[0][0].shape[1] == 2, "loud, but finite"
    with pytest.raises(ModelError, match="block is ndarray but a step takes a tensor"):
        codec.encode_step(x.numpy(), state)
    with pytest.raises(ModelError, match="block is list but a step takes a tensor"):
        codec.to_codes(x.tolist())
    with pytest.raises(TokenError, match="codes are not tensors; give one tensor"):
        codec.decode_step(np.zeros((1, 4, 3), np.int64), codec.start_decoding(1))


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("name", CODECS)
def test_codes_of_any_integer_type_decode(name):
    codec = CODECS[name]
    codes = codec.to_codes(noise(codec, 1, 4 * codec.frame)).stacked()
    wanted, audio = codec.decode_step(codes, codec.start_decoding())[0], codec.from_codes(codes)
    for kind in (torch.int32, torch.int16, torch.uint8):
        assert torch.equal(codec.decode_step(codes.to(kind), codec.start_decoding())[0], wanted)
        assert torch.equal(codec.from_codes(codes.to(kind)), audio)
    for kind in (torch.float32, torch.bool):
        with pytest.raises(TokenError, match=f"codes are {kind}; give integers, as encode_step"):
            codec.decode_step(codes.to(kind), codec.start_decoding())
        with pytest.raises(TokenError, match=f"codes are {kind}"):
            codec.from_codes(codes.to(kind))


@pytest.mark.parametrize("name", CODECS)
def test_a_state_without_streams_is_refused(name):
    codec = CODECS[name]
    for state in (codec.start_encoding(2), codec.start_decoding(2)):
        with pytest.raises(ModelError, match="at least 1 stream; when the last one leaves, drop"):
            state.select([])
    for start in (codec.start_encoding, codec.start_decoding):
        with pytest.raises(ModelError, match="at least 1 stream"):
            start(0)
    for stack in (Encoding.stack, Decoding.stack):
        with pytest.raises(ModelError, match="at least 1 stream"):
            stack([])
