"""Tokens whose rate follows the sound: exact, in blocks of any size, decoded to exact lengths."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import AdaptiveRate, recording
from vocable.codecs.adaptive import LONGEST, LONGEST_SILENCE
from vocable.codecs.adaptive_runs import Frames, Segments
from vocable.errors import AudioError, ModelError, TokenError
from vocable.quantize import ResidualVQ
from vocable.quantize.distortion import OfCodes, OfLatents
from vocable.signal.silence import Silence
from vocable.tokens import read_tokens
from vocable.units import SignalEncoder, UnitTokenizer, fit

TOKENIZERS = testing.tokenizers()
SPECTRA = "transform", "sound-48k"  # of which frames have no mean
FITTING = [
    name
    for name in TOKENIZERS.names(
        lambda each: each.spec.uniform and each.spec.segment is None and each.spec.channels == 1
        and each.model.encodes_in_steps and each.spec.latent is None
    )
    if name not in SPECTRA
]  # fmt: skip
UNITS, CODEC = TOKENIZERS["streaming-units"], TOKENIZERS["channel-vocoder"]


def voice(tokenizer, seconds: float = 2.0, seed: int = 0) -> Audio:
    """Speech-like sound with a pause and a quiet beginning."""
    samples = round(seconds * tokenizer.spec.rate)
    x = testing.codec_examples.voice(UNITS, 1, round(seconds * UNITS.rate))[0].numpy()
    x = Audio(x, UNITS.rate).resample(tokenizer.spec.rate).samples[:, :samples].copy()
    x[:, : samples // 5] *= 1e-3
    x[:, samples // 2 : samples * 7 // 10] *= 1e-3
    return Audio(x, tokenizer.spec.rate)


@pytest.mark.parametrize("name", FITTING)
def test_at_price_0_tokens_expand_to_those_of_the_tokenizer(name):
    tokenizer = TOKENIZERS[name]
    levels, sound = tokenizer.spec.prefixes[0], voice(tokenizer, 0.73)
    fixed = tokenizer.encode(sound, levels=levels)
    found = AdaptiveRate(tokenizer, 0, levels=levels, silence=None).encode(sound)
    assert found.expand() == fixed
    runs = (np.diff(fixed.codes[0], prepend=-1) != 0).any(axis=0).sum()
    assert runs <= len(found.durations)
    if levels == 1:  # of several, equal codes are joined where the latents are equal too
        assert len(found.durations) <= runs + len(fixed) // LONGEST


def test_units_of_centres_are_joined_by_their_centres():
    encoder = SignalEncoder("mfcc")
    sound = voice(UNITS)
    units = UnitTokenizer(encoder, fit(encoder, [sound], 8, layer=0).centres)
    assert AdaptiveRate(units, 0, silence=None).encode(sound).expand() == units.encode(sound)
    fewer = [len(AdaptiveRate(units, price).encode(sound).durations) for price in (0, 0.3, 3)]
    assert fewer[0] > fewer[1] > fewer[2]


@pytest.mark.parametrize("tokenizer", [UNITS, CODEC], ids=["units", "codec"])
def test_a_higher_price_gives_fewer_tokens(tokenizer):
    found = [AdaptiveRate(tokenizer, price).encode(voice(tokenizer)) for price in (0, 0.3, 30)]
    counts = [len(each.durations) for each in found]
    assert counts[0] > counts[1] > counts[2]
    assert {each.frames for each in found} == {len(tokenizer.encode(voice(tokenizer)))}


def test_silence_has_long_tokens_that_begin_and_end_with_it():
    sound = np.concatenate([voice(UNITS, 1.0).samples[0, 4000:7000], np.zeros(32_000, np.float32)])
    tokens = AdaptiveRate(UNITS, 1).encode(sound, rate=16_000)
    begins = np.cumsum(tokens.durations) - tokens.durations
    assert tokens.durations.max() == LONGEST_SILENCE
    assert tokens.durations[begins * 320 < 3000].max() <= LONGEST
    assert (begins * 320 == 3200).any()  # the first frame that is silent from its first sample


def test_nothing_is_silent_where_no_silence_is_asked_for():
    silent = AdaptiveRate(UNITS, 1, silence=None).encode(np.zeros(64_000, np.float32), rate=16_000)
    assert silent.durations.max() == LONGEST


@pytest.mark.parametrize("price", [0, 1])
def test_nothing_but_silence_is_a_few_tokens(price):
    sound = Audio(np.zeros((1, 48_001), np.float32), 16_000)
    tokens = AdaptiveRate(CODEC, price).encode(sound)
    assert len(tokens.durations) <= 4 and not CODEC.decode(tokens).samples.any()
    assert CODEC.decode(tokens).samples.shape == sound.samples.shape


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_decoding_gives_exactly_the_source(rate):
    sound = voice(CODEC, 1.07).resample(rate)
    tokens = AdaptiveRate(CODEC, 0.5).encode(sound)
    assert len(tokens.durations) < tokens.frames
    audio = CODEC.decode(tokens)
    assert (audio.rate, audio.samples.shape) == (rate, sound.samples.shape)
    assert np.array_equal(audio.samples, CODEC.decode(tokens.expand()).samples)


@pytest.mark.parametrize("ending", [".vcb", ".npz"])
def test_a_file_holds_what_encoding_gives_and_decodes_like_it(tmp_path, ending):
    sound = voice(CODEC, 3.1)
    sound.save(tmp_path / "talk.flac")
    adaptive = AdaptiveRate(CODEC, 0.5, levels=CODEC.spec.prefixes[0])
    heard, shares = [], []
    adaptive.encode_to(
        tmp_path / "talk.flac", tmp_path / f"a{ending}",
        **({"progress": shares.append, "listen": heard.append} if ending == ".vcb" else {}),
    )  # fmt: skip
    tokens = adaptive.encode(tmp_path / "talk.flac")
    assert read_tokens(tmp_path / f"a{ending}") == tokens
    CODEC.decode_to(tmp_path / f"a{ending}", tmp_path / "back.wav")
    back = Audio.read(tmp_path / "back.wav")
    assert back.samples == pytest.approx(CODEC.decode(tokens).samples, abs=1e-4)
    if ending == ".vcb":
        assert sum(block.shape[2] for block in heard) == len(sound) and shares[-1] == 1
        tokens.save(tmp_path / "whole.vcb")
        assert (tmp_path / "whole.vcb").read_bytes() == (tmp_path / "a.vcb").read_bytes()


def test_slices_and_joins_keep_durations():
    tokens = AdaptiveRate(CODEC, 0.5).encode(voice(CODEC))
    cut = tokens[:11] + tokens[11:]
    assert cut.expand().codes.tolist() == tokens.expand().codes.tolist()
    assert tokens.first(CODEC.spec.prefixes[0]).durations.tolist() == tokens.durations.tolist()


def test_blocks_of_a_recording_do_not_show(monkeypatch):
    adaptive = AdaptiveRate(CODEC, 0.5)
    whole = adaptive.encode(voice(CODEC))
    for block in (999, 20_000):
        monkeypatch.setattr(recording, "BLOCK", block)
        assert adaptive.encode(voice(CODEC)) == whole


ENTRIES = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))


def of_codes(codes: np.ndarray) -> tuple[OfCodes, Frames]:
    distortion = OfCodes(ENTRIES)
    return distortion, Frames(codes[:1] % 12, distortion.rows(codes[0] % 12))


def of_latents(codes: np.ndarray) -> tuple[OfLatents, Frames]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        quantizer = ResidualVQ(4, (12, 12), update=None, initialise=None)
    distortion, z = OfLatents(quantizer, 2), ENTRIES[codes[0] % 12] + 0.1 * ENTRIES[codes[1] % 12]
    return distortion, Frames(quantizer.encode(z[None])[0].numpy(), distortion.rows(z))


@pytest.mark.parametrize("made", [of_codes, of_latents])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_stream_of_frames_is_cut_as_the_whole_bit_for_bit(made, data):
    count, seed = data.draw(st.integers(0, 120)), data.draw(st.integers(0, 999))
    random = np.random.default_rng(seed)
    runs = np.repeat(random.integers(0, 99, (2, count)), random.integers(1, 5, count), axis=1)
    distortion, frames = made(runs[:, :count])
    silent = np.repeat(random.random(count) < 0.4, random.integers(1, 40, count))[:count]
    price = data.draw(st.sampled_from([0, 0.2, 1, 5]))
    cut = AdaptiveRate(UNITS, price).cut

    def stream(of_frames, of_labels):
        segments, found = Segments(cut, distortion, len(frames.codes)), []
        for a, b in zip(
            pairwise([0, *of_frames, count]), pairwise([0, *of_labels, count]), strict=True
        ):
            part = Frames(frames.codes[:, slice(*a)], frames.rows[slice(*a)])
            found.append(segments.push(part, silent[slice(*b)]))
        found.append(segments.finish())
        codes, durations = zip(*found, strict=True)
        return np.concatenate(codes, axis=1), np.concatenate(durations)

    codes, durations = stream([], [])
    edges = st.lists(st.integers(0, count), min_size=8, max_size=8).map(sorted)
    again = stream(data.draw(edges), data.draw(edges))
    assert np.array_equal(again[0], codes) and np.array_equal(again[1], durations)
    ends = np.cumsum(durations)
    assert durations.sum() == count
    assert set(np.diff(silent.astype(int)).nonzero()[0] + 1) <= set(ends)


def test_memory_does_not_grow_with_the_length(tmp_path):
    adaptive, peaks = AdaptiveRate(CODEC, 0.5), {}
    for seconds in (12, 12, 32):  # the first run fills caches
        voice(CODEC, seconds).save(tmp_path / "in.wav", overwrite=True)
        tracemalloc.start()
        adaptive.encode_to(tmp_path / "in.wav", tmp_path / "x.vcb", overwrite=True)
        peaks[seconds] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[32] - peaks[12] < 0.15 * 4 * 16_000 * 20  # of the samples that came in addition


@pytest.mark.parametrize("price", [-1, -1e-9, float("nan"), float("inf"), 1e7, "0.5", None, 1j])
def test_a_price_that_cannot_be_is_refused(price):
    with pytest.raises(TokenError, match="price of a bit must be a number from 0 to 1e.06, got"):
        AdaptiveRate(UNITS, price)


@pytest.mark.parametrize(
    "name, words",
    [
        ("three-rates", "three-rates has levels of strides 4, 2, 1; an adaptive rate needs"),
        ("snac", "strides .* needs a token of every level in each frame"),
        ("segments", "segments codes segments or stereo"),
        ("transform", "frames of a spectrum have no mean"),
        ("item", "item takes whole recordings; an adaptive rate needs steps"),
    ],
)
def test_tokenizers_that_cannot_are_refused_by_name(name, words):
    with pytest.raises(ModelError, match=words):
        AdaptiveRate(TOKENIZERS[name], 0.5)


def test_units_of_several_blocks_are_refused():
    encoder = SignalEncoder("mfcc")
    units = UnitTokenizer(
        encoder, fit(encoder, [voice(UNITS)], 4, layer=0, blocks=[13, 13, 13]).centres
    )
    with pytest.raises(ModelError, match="mfcc has centres in 3 blocks, not 1"):
        AdaptiveRate(units, 0.5)


def test_levels_that_are_no_prefix_are_refused():
    with pytest.raises(TokenError, match="levels must be one of"):
        AdaptiveRate(CODEC, 0.5, levels=1)


def test_two_channels_are_refused_or_mixed(tmp_path):
    both = Audio(np.concatenate([voice(UNITS).samples, voice(UNITS).samples[:, ::-1]]), 16_000)
    adaptive = AdaptiveRate(UNITS, 0.5)
    for call in (adaptive.encode, lambda each: adaptive.encode_to(each, tmp_path / "x.vcb")):
        with pytest.raises(AudioError, match=r"2 channels, .* mix them by mix=True \(--mix\)"):
            call(both)
    assert not (tmp_path / "x.vcb").exists()
    assert adaptive.encode(both, mix=True).source == UNITS.encode(both, mix=True).source


def test_empty_and_very_short_recordings():
    adaptive = AdaptiveRate(UNITS, 0.5)
    with pytest.raises(AudioError, match="audio has 0 samples; at least 1 is needed"):
        adaptive.encode(np.zeros(0, np.float32), rate=16_000)
    short = adaptive.encode(np.zeros(30, np.float32), rate=16_000)
    assert short.frames == 0 and short.durations.tolist() == []
    assert short.source == UNITS.encode(np.zeros(30, np.float32), rate=16_000).source


def test_another_rule_of_silence_is_handed_in():
    sound = voice(UNITS)
    never = AdaptiveRate(UNITS, 0, silence=Silence(quiet=-200.0, fall=200.0))
    assert never.encode(sound) == AdaptiveRate(UNITS, 0, silence=None).encode(sound)
