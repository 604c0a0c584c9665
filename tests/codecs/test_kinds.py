"""Every kind of codec goes every way: files, arrays, live streams, batches, lengths and channels.

The kinds are those of `testing.tiny_codecs`: levels of several rates, segments with a scale and two
channels, look-ahead, a side for the whole recording, another rate out than in; EnCodec's three;
Mimi; DAC, also with a decoder that ends short; and SNAC, which has rates and look-ahead together,
with and without windows of several frames.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vocable import nn
from vocable.audio import Audio
from vocable.codecs import Codec, Decoding, batch
from vocable.codecs.codes import cut_codes, split_segments
from vocable.codecs.live import LiveDecoder, LiveEncoder
from vocable.errors import ModelError, TokenError
from vocable.quantize import ResidualVQ
from vocable.testing import codecs, voice
from vocable.testing.tiny_codecs import FRAME, TINY, TinyConfig
from vocable.tokens import AudioTokens, TokenWriter, read_tokens

CODECS = codecs()
KINDS = [
    name for name in CODECS if name in TINY or name.startswith(("dac", "encodec", "mimi", "snac"))
]
# Second sizes, for what takes long: their others are in `test-all`.
SECOND = {"dac", "dac-out-rate", "encodec-symmetric", "mimi-filled", "snac"}
MOST = [pytest.param(name, marks=[pytest.mark.slow] * (name in SECOND)) for name in KINDS]
STREAMED = set(CODECS.names(lambda codec: codec.model.encodes_in_steps))
SIDED = set(CODECS.names(lambda codec: codec.spec.sides))
every_kind = pytest.mark.parametrize("name", KINDS)
# one sample, part of a frame, 30 frames (no multiple of 4), whole and short segments (136 + 144 is
# a segment of 9 frames and one of 1: together as long as a whole one)
LENGTHS = (1, 15, 480, 496, 8 * FRAME + 144, 1001)
# with fewer levels, those that end inside a token; at another rate the others mean nothing
LENGTHS_AND_LEVELS = [*((n, None) for n in LENGTHS), *((n, 1) for n in LENGTHS[2:] if n != 496)]
LENGTHS_AND_RATES = [*((n, 8000) for n in LENGTHS), *((n, 11_025) for n in (1, 15, 1001))]


def recording(codec: Codec, samples: int, channels: int = 2, rate: int = 8000) -> Audio:
    sound = voice(codec, channels, samples)[:, 0].numpy()
    return Audio(sound, rate)


@pytest.mark.parametrize("name", MOST)
@pytest.mark.parametrize(("samples", "levels"), LENGTHS_AND_LEVELS)
def test_files_hold_what_memory_does(name, samples, levels, tmp_path, monkeypatch):
    codec, audio = CODECS[name], recording(CODECS[name], samples)
    audio.save(tmp_path / "in.wav")
    audio = Audio.read(tmp_path / "in.wav")
    tokens = codec.encode(audio, levels=levels)
    monkeypatch.setattr(batch, "TILE", 0.05)
    codec.encode_to(tmp_path / "in.wav", tmp_path / "x.vcb", levels=levels)
    assert read_tokens(tmp_path / "x.vcb") == tokens
    codec.decode_to(tmp_path / "x.vcb", tmp_path / "out.wav")
    back = Audio.read(tmp_path / "out.wav")
    assert (back.channels, len(back), back.rate) == (2, samples, 8000)
    np.testing.assert_allclose(back.samples, codec.decode(tokens).samples.clip(-1, 1), atol=2**-14)


@every_kind
def test_arrays_hold_what_memory_does(name, tmp_path):
    codec, audio = CODECS[name], recording(CODECS[name], 8 * FRAME + 144)
    audio.save(tmp_path / "in.wav")
    tokens = codec.encode(tmp_path / "in.wav")
    codec.encode_to(tmp_path / "in.wav", tmp_path / "one.npz")
    tokens.save(tmp_path / "two.npz")
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "two.npz") as two:
        assert sorted(one) == sorted(two)
        assert all(np.array_equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("name", [each for each in MOST if each.values[0] in STREAMED])
@pytest.mark.parametrize(("samples", "rate"), LENGTHS_AND_RATES)
def test_live_streams_give_what_files_do(name, samples, rate, tmp_path):
    codec, audio = CODECS[name], recording(CODECS[name], samples, channels=3, rate=rate)
    wanted = codec.encode(audio)
    encoder = LiveEncoder(codec, rate=rate, channels=3)
    with TokenWriter(tmp_path / "live.vcb", encoder.track, chunk_seconds=0) as file:
        for block in np.array_split(audio.samples, 7, axis=1):
            for tokens in encoder.push(np.ascontiguousarray(block)):
                file.write(tokens)
        for tokens in encoder.finish():
            file.write(tokens)
        file.finish(encoder.samples)
    found = read_tokens(tmp_path / "live.vcb")
    assert found == wanted
    decoder = LiveDecoder(codec, encoder.track)
    pieces = [decoder.push(tokens) for tokens in by_segment(found)]
    back = np.concatenate([*pieces, decoder.finish(found.source)], axis=1)
    assert back.shape == (3, samples)
    np.testing.assert_allclose(back, codec.decode(found).samples, atol=1e-4)


def by_segment(tokens: AudioTokens) -> list[AudioTokens]:
    """Cut tokens as a live stream does: into steps of all levels, or segments."""
    if tokens.spec.segment is None:
        step = tokens.spec.step
        return [tokens[at : at + step] for at in range(0, tokens.frames, step)]
    ends = np.cumsum([0, *tokens.segments])
    return [tokens[a:b] for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


@every_kind
def test_slices_and_joins_decode_to_whole_frames(name):
    codec = CODECS[name]
    tokens = codec.encode(recording(codec, 1001))
    unit = tokens.spec.step if tokens.spec.segment is None else tokens.spec.segment_frames
    part = tokens[: 2 * unit]
    audio = codec.decode(part)
    assert len(audio) == part.spec.seconds(part.frames) * codec.spec.writes
    assert np.isfinite(audio.samples).all() and audio.samples.any()
    assert codec.decode(part[:unit] + part[unit:]) == audio


@every_kind
def test_the_sound_is_that_of_its_codes(name):
    """Facade, model and steps agree, and the sides matter."""
    codec = CODECS[name]
    x = voice(codec, 2, 600)
    codes = codec.to_codes(x)
    written = codec.spec.writes
    whole = codec.from_codes(codes)[..., : 600 * written // codec.rate]
    for row in range(2):
        audio = Audio(x[row].numpy(), codec.rate)
        found = codec.decode(codec.encode(audio), rate=written).samples
        np.testing.assert_allclose(found, whole[row].numpy(), atol=1e-4)
    twice = codec.encode(Audio(2 * x[0].numpy(), codec.rate))
    loud = codec.decode(twice, rate=written).samples
    if codes.sides:
        np.testing.assert_allclose(loud, 2 * whole[0].numpy(), rtol=0.3, atol=0.3)
        with pytest.raises(TokenError, match="decodes with the sides"):
            codec.from_codes(tuple(codes))


@pytest.mark.parametrize("name", [name for name in KINDS if name in SIDED])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_side_that_is_not_finite_is_named(name, value):
    """Not the sound that it would make."""
    codec = CODECS[name]
    tokens = codec.encode(recording(codec, 600))
    (side,) = tokens.sides
    values = tokens.sides[side].copy()
    values.flat[-1] = value
    broken = replace(tokens, sides={side: values})
    with pytest.raises(
        TokenError, match=f"^side {side} is not finite everywhere; encode the recording again$"
    ):
        codec.decode(broken)


@every_kind
def test_training_gets_gradients_through_everything(name):
    whole = CODECS[name].model
    model = type(whole)(whole.config).train()
    model.quantizer.start_learning(torch.randn(256, model.quantizer.dim), per_step=64)
    model.quantizer.dropout = 0.0  # all items use all levels
    output = model(voice(CODECS[name], 2, 10 * FRAME))
    samples = 10 * FRAME * model.spec.writes // model.spec.rate
    assert output.audio.shape == (2, model.spec.channels, samples)
    (output.audio.square().mean() + sum(output.losses.values())).backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_what_needs_all_of_a_recording_does_not_stream():
    codec = CODECS["item"]
    for call in (codec.start_encoding, lambda: LiveEncoder(codec)):
        with pytest.raises(ModelError, match="takes whole recordings: its peak is found over all"):
            call()


def test_a_state_of_segments_joins_others_at_the_same_point():
    codec = CODECS["segments"]
    codes = codec.to_codes(voice(codec, 3, 3 * 160))
    pieces = split_segments(codec.spec, codes)
    alone = codec.from_codes(codes)
    states = []
    for row in range(3):
        _, state = codec.decode_step(pieces[0].rows(slice(row, row + 1)), codec.start_decoding())
        states.append(state)
    together = Decoding.stack(states).select([2, 0])
    rows = [pieces[1].rows(slice(2, 3)), pieces[1].rows(slice(0, 1))]
    middle, _ = codec.decode_step(batch._side_by_side(rows), together)
    torch.testing.assert_close(middle[0], alone[2][:, 136 : 2 * 136], atol=1e-5, rtol=0)
    with pytest.raises(ModelError, match="stream 1 is at another point of a segment"):
        Decoding.stack([states[0], codec.start_decoding()])


def test_streams_of_several_rates_stack_where_all_levels_begin():
    codec = CODECS["three-rates"]
    codes = codec.to_codes(voice(codec, 2, 8 * FRAME))
    fresh = codec.start_decoding()
    step = cut_codes(codec.spec, codes.rows(slice(0, 1)), 0, 4)
    _, later = codec.decode_step(step, codec.start_decoding())
    both = Decoding.stack([fresh, later])
    samples, _ = codec.decode_step(cut_codes(codec.spec, codes, 0, 4), both)
    assert samples.shape == (2, 1, 4 * FRAME)
    _, begun = codec.decode_step(cut_codes(codec.spec, step, 0, 1), codec.start_decoding())
    with pytest.raises(ModelError, match="stream 1 is at another point of a step of its levels"):
        Decoding.stack([fresh, begun])
    assert [len(level) for level in Decoding.stack([begun, begun]).codes] == [2, 2, 2]
    with pytest.raises(TokenError, match="codes have 1 levels but those that wait have 3"):
        codec.decode_step(step[:1], begun)


class Mismatched(TINY["plain"]):
    """Parts that are not what the spec says."""

    def __init__(self, part: str) -> None:
        super().__init__(TinyConfig())
        if part == "level sizes":
            self.quantizer = ResidualVQ(8, (16,) * 2)
        elif part == "strides":
            self.quantizer = ResidualVQ(8, (16,) * 3, strides=(2, 1, 1))
        elif part == "prefixes":
            self.quantizer = ResidualVQ(8, (16,) * 3, prefixes=(3,))
        elif part == "encoder":
            self.encoder = nn.Conv1d(1, 8, FRAME, stride=FRAME // 2)
        elif part == "window":
            self.spec = replace(self.spec, window=40)
        elif part == "samples":
            self.spec = replace(self.spec, out_rate=4000)
        else:
            self.decoder = nn.ConvTranspose1d(8, 1, FRAME, stride=FRAME // 2)


@pytest.mark.parametrize(
    "part", ["level sizes", "strides", "prefixes", "encoder", "decoder", "window", "samples"]
)
def test_parts_that_do_not_fit_the_spec_are_named_when_a_codec_is_made(part):
    with pytest.raises(ModelError, match=f"^Mismatched: the spec says .*{part}.* make them one$"):
        Codec(Mismatched(part))
