"""Live streams give what has settled at once, and hold back no more than the last frame."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.live import LiveDecoder, LiveEncoder
from vocable.errors import AudioError, TokenError
from vocable.testing import codecs, voice
from vocable.tokens import AudioTokens, Track

CODECS = codecs()


@pytest.mark.parametrize(("name", "withheld"), [("plain", 0), ("soundstream", 0), ("speech", 160)])
def test_each_frame_sounds_when_the_next_has_come(name, withheld):
    """withheld: samples that the decoder itself keeps for its overlap."""
    codec = CODECS[name]
    sound = voice(codec, 1, 5 * codec.frame)[0].numpy()
    tokens = codec.encode(Audio(sound, codec.rate))
    decoder = LiveDecoder(codec, LiveEncoder(codec).track)
    given = [decoder.push(tokens[at : at + 1]).shape[1] for at in range(5)]
    assert given[0] == 0
    assert np.cumsum(given).tolist() == [max(0, n * codec.frame - withheld) for n in range(5)]
    assert decoder.finish(tokens.source).shape[1] == codec.frame + withheld


@pytest.mark.parametrize("name", ["plain", "soundstream", "speech"])
def test_each_frame_is_coded_when_its_samples_have_come(name):
    codec = CODECS[name]
    encoder = LiveEncoder(codec)
    sound = voice(codec, 1, 3 * codec.frame)[0].numpy()
    pieces = np.split(sound, [codec.frame - 1, codec.frame, 2 * codec.frame], axis=1)
    found = [encoder.push(np.ascontiguousarray(piece)) for piece in pieces]
    assert [sum(len(tokens) for tokens in settled) for settled in found] == [0, 1, 1, 1]
    assert encoder.finish() == [] and encoder.samples == 3 * codec.frame


def test_three_rates_wait_for_their_longest_token():
    codec = CODECS["three-rates"]
    encoder = LiveEncoder(codec)
    block = voice(codec, 1, 3 * codec.frame)[0].numpy()
    assert encoder.push(block) == []
    assert [len(tokens) for tokens in encoder.push(block)] == [4]
    assert [len(tokens) for tokens in encoder.finish()] == [2]


@pytest.mark.parametrize(
    "name", ["plain", "three-rates", "segments", "look-ahead", "encodec", "encodec-stereo"]
)
@pytest.mark.parametrize("levels", [1, 2])
def test_streams_of_fewer_levels_are_those_of_files(name, levels):
    codec = CODECS[name]
    audio = Audio(voice(codec, 1, 1001)[0].numpy(), codec.rate)
    encoder = LiveEncoder(codec, channels=codec.channels, levels=levels)
    decoder = LiveDecoder(codec, encoder.track)
    settled, heard = [], []
    for block in np.array_split(audio.samples, 5, axis=1):
        settled += encoder.push(np.ascontiguousarray(block))
    settled += encoder.finish()
    wanted = codec.encode(audio, levels=levels)
    assert sum(settled[1:], settled[0]).stacks[0].tolist() == wanted.stacks[0].tolist()
    heard = [decoder.push(tokens) for tokens in settled]
    heard.append(decoder.finish(wanted.source))
    np.testing.assert_allclose(
        np.concatenate(heard, axis=1), codec.decode(wanted).samples, atol=1e-4
    )


def test_a_stream_is_heard_in_the_channels_that_are_asked_for():
    codec = CODECS["segments"]
    audio = Audio(voice(codec, 1, 480)[0].numpy(), codec.rate)
    tokens = codec.encode(audio)
    both = codec.decode(tokens).samples
    encoder = LiveEncoder(codec, channels=2)

    def heard(channels):
        decoder = LiveDecoder(codec, encoder.track, channels=channels)
        blocks = [decoder.push(part) for part in (tokens[:10], tokens[10:20], tokens[20:])]
        return np.concatenate([*blocks, decoder.finish(tokens.source)], axis=1)

    np.testing.assert_allclose(heard(1), both.mean(0, keepdims=True), atol=1e-5)
    with pytest.raises(AudioError, match="tokens hold 2 channels, which make no 3"):
        heard(3)


def test_a_decoder_of_a_higher_rate_is_heard_at_the_rate_that_is_asked_for():
    """Two rates and concealment: blocks, and what is made up, are as long as they should be."""
    codec = CODECS["out-rate"]
    audio = Audio(voice(codec, 1, 484)[0].numpy(), codec.rate)
    track, tokens = LiveEncoder(codec).track, codec.encode(audio)
    for rate in (8000, 16_000, 11_025):
        decoder = LiveDecoder(codec, track, rate=rate)
        heard = [
            decoder.push(tokens[:10]),
            decoder.push(tokens[10:]),
            decoder.finish(tokens.source),
        ]
        wanted = codec.decode(tokens, rate=rate).samples
        np.testing.assert_allclose(np.concatenate(heard, axis=1), wanted, atol=1e-5)
    decoder = LiveDecoder(codec, track, rate=16_000)
    heard = [decoder.push(tokens[:10], whole=True), decoder.conceal(5)]
    assert [block.shape[1] for block in heard] == [10 * 32, 5 * 32]


def test_tokens_of_another_decoder_of_the_space_are_heard():
    """Whatever rate the codec that made them writes."""
    codec = CODECS["out-rate"]
    tokens = codec.encode(voice(codec, 1, 484)[0], rate=codec.rate)
    spec = replace(tokens.spec, out_rate=None)
    other = AudioTokens(spec, tokens.stacks)
    decoder = LiveDecoder(codec, Track(tokens.spec))
    heard = [decoder.push(tokens[:10]), decoder.push(other[10:]), decoder.finish(None)]
    assert sum(block.shape[1] for block in heard) == 31 * 16


def test_a_stream_of_other_tokens_is_refused_before_it_begins():
    other = LiveEncoder(CODECS["soundstream"]).track
    with pytest.raises(TokenError, match="tokens come from soundstream@"):
        LiveDecoder(CODECS["plain"], other)


def test_samples_that_are_not_finite_are_named_by_their_place_in_the_stream():
    encoder = LiveEncoder(CODECS["plain"])
    encoder.push(np.zeros((1, 100), np.float32))
    bad = np.zeros((1, 100), np.float32)
    bad[0, 7] = np.nan
    with pytest.raises(AudioError, match=r"sample 107 \(0.013 s\) of channel 0 is nan"):
        encoder.push(bad)


def test_a_stream_without_tokens_ends_without_samples():
    decoder = LiveDecoder(CODECS["plain"], LiveEncoder(CODECS["plain"]).track)
    assert decoder.finish(None).shape == (1, 0)


@pytest.mark.parametrize(("name", "withheld"), [("plain", 0), ("soundstream", 0), ("speech", 160)])
def test_whole_frames_sound_at_once(name, withheld):
    """What a stream waits for: its frame, and what the decoder keeps for its overlap."""
    codec = CODECS[name]
    sound = voice(codec, 1, 5 * codec.frame)[0].numpy()
    tokens = codec.encode(Audio(sound, codec.rate))
    decoder = LiveDecoder(codec, LiveEncoder(codec).track)
    given = [decoder.push(tokens[at : at + 1], whole=True) for at in range(5)]
    sizes = [block.shape[1] for block in given]
    assert np.cumsum(sizes).tolist() == [n * codec.frame - withheld for n in range(1, 6)]
    joined = np.concatenate([*given, decoder.finish(tokens.source)], axis=1)
    np.testing.assert_allclose(joined, codec.decode(tokens).samples, atol=1e-5)


@pytest.mark.parametrize("name", ["plain", "speech"])
def test_a_known_end_is_not_overrun(name):
    codec = CODECS[name]
    audio = Audio(voice(codec, 1, 2 * codec.frame + 5)[0].numpy(), codec.rate)
    tokens = codec.encode(audio)
    decoder = LiveDecoder(codec, LiveEncoder(codec).track)
    given = [decoder.push(tokens[:2], whole=True), decoder.push(tokens[2:], tokens.source)]
    given.append(decoder.finish(tokens.source))
    joined = np.concatenate(given, axis=1)
    np.testing.assert_allclose(joined, codec.decode(tokens).samples, atol=1e-5)


def loud(block):
    return float(np.sqrt(np.mean(block**2)))


@pytest.mark.parametrize(
    "name", ["plain", "soundstream", "encodec", "speech", "three-rates", "segments"]
)
def test_gaps_are_filled_and_fade_out(name):
    """As long as they were; what was lost first is heard, then less, then nothing."""
    codec = CODECS[name]
    track = LiveEncoder(codec, channels=codec.channels).track
    sound = voice(codec, 1, 4 * track.unit * codec.frame)[0].numpy()
    tokens = codec.encode(Audio(sound, codec.rate))
    step = tokens[: track.unit]
    decoder = LiveDecoder(codec, track)
    before = decoder.push(step, whole=True).shape[1]
    second = decoder.conceal(track.unit * round(codec.rate / codec.frame / track.unit + 1))
    assert decoder.concealed == decoder.frames - track.unit
    assert second.shape[1] % decoder._step_written == 0
    eighth = codec.rate // 8
    early, late = second[:, :eighth], second[:, 2 * eighth :]
    assert loud(early) > 0 and not late.any()
    again = decoder.push(step, whole=True)
    assert again.any()
    total = before + second.shape[1] + again.shape[1] + decoder.finish(None).shape[1]
    if track.spec.segment is None:
        assert total == decoder.frames * codec.frame


@pytest.mark.parametrize("name", ["three-rates", "snac-windows"])
@pytest.mark.parametrize(("begin", "steps"), [(0, 1), (0, 2), (40, 150), (40, 151)])
def test_after_a_gap_the_stream_is_what_it_would_have_been(name, begin, steps):
    """Windows of several frames lie where the encoder had them, whatever was lost before."""
    codec = Codec(copy.deepcopy(CODECS[name].model))
    if hasattr(codec.model, "noise"):  # which counts the rows that the decoder has seen
        codec.model.noise.draw = None
    track = LiveEncoder(codec).track
    unit, end = track.unit, begin + steps * track.unit
    sound = voice(codec, 1, (end + 120) * codec.frame)
    tokens = codec.encode(Audio(sound[0].numpy(), codec.rate))
    decoder = LiveDecoder(codec, track)
    pieces = [decoder.push(tokens[at : at + unit]) for at in range(0, begin, unit)]
    pieces += [decoder.conceal(unit) for _ in range(steps)]
    pieces += [decoder.push(tokens[at : at + unit]) for at in range(end, len(tokens), unit)]
    found = np.concatenate([*pieces, decoder.finish(tokens.source)], axis=1)
    wanted = codec.decode(tokens).samples
    assert found.shape == wanted.shape
    tail = 60 * codec.frame  # the rest is heard with what was made up
    np.testing.assert_allclose(found[:, -tail:], wanted[:, -tail:], atol=1e-5)


def test_what_is_lost_before_the_first_token_is_silence():
    codec = CODECS["speech"]
    tokens = codec.encode(Audio(voice(codec, 1, 2 * codec.frame)[0].numpy(), codec.rate))
    decoder = LiveDecoder(codec, LiveEncoder(codec).track)
    assert decoder.conceal(0).shape == (1, 0)
    assert not decoder.conceal(2).any() and decoder.concealed == 2
    heard = [decoder.push(tokens, whole=True), decoder.finish(None)]
    assert sum(block.shape[1] for block in heard) == 2 * codec.frame


def test_nothing_lost_is_nothing_changed():
    codec = CODECS["speech"]
    tokens = codec.encode(Audio(voice(codec, 1, 3 * codec.frame)[0].numpy(), codec.rate))
    track = LiveEncoder(codec).track
    one, other = LiveDecoder(codec, track), LiveDecoder(codec, track)
    for at in range(3):
        assert other.conceal(0).shape[1] == 0
        block = one.push(tokens[at : at + 1], whole=True)
        assert (block == other.push(tokens[at : at + 1], whole=True)).all()
