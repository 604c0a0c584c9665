"""SNAC: published sizes; tokens of several rates in windows; noise that repeats, or is off.

Its numbers are compared with those of its package in tests/golden/snac and tests/parity.
"""

import copy

import numpy as np
import pytest
import torch

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import Codec, Decoding, Encoding
from vocable.codecs.codes import Codes, cut_codes, join_codes
from vocable.codecs.keys import snac as keys
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.codecs.latency import latency_of
from vocable.codecs.live import LiveEncoder
from vocable.codecs.snac import PUBLISHED, SNAC, SNACConfig, snac_24khz, snac_44khz
from vocable.errors import ModelError
from vocable.nn import seeded_noise
from vocable.tokens import Vocabulary, read_tokens

CODECS = testing.codecs()
every_codec = pytest.mark.parametrize("name", [name for name in CODECS if name.startswith("snac")])


def on_meta(config):
    with torch.device("meta"):
        return SNAC(config)


def millions(part):
    return round(sum(weight.numel() for weight in part.parameters()) / 1e6, 2)


@pytest.mark.parametrize(
    ("make", "sizes", "frame", "bitrate", "waits"),
    [
        (PUBLISHED[0], (6.68, 13.0), 512, 984.375, "539.5 ms, first sound after 512.0 ms"),
        (PUBLISHED[1], (16.0, 38.32), 384, 1875, "940.5 ms, first sound after 864.0 ms"),
        (PUBLISHED[2], (16.0, 38.32), 384, 2583.98, "682.4 ms, first sound after 626.9 ms"),
    ],
)
def test_published_sizes(make, sizes, frame, bitrate, waits):
    model = on_meta(make())
    assert (millions(model.encoder), millions(model.decoder)) == sizes
    assert (
        model.spec.frame == frame and model.spec.prefixes == (1, 2, 3, 4)[: len(model.spec.levels)]
    )
    assert float(model.spec.bitrate()) == pytest.approx(bitrate, abs=0.01)
    assert str(latency_of(model)) == waits


def keys_that_say_the_sizes(config):
    """Return keys and shapes that say the sizes, as the package has them, weight norm fused."""
    shapes = {
        f"quantizer.quantizers.{level}.codebook.weight": (size, config.code_width)
        for level, size in enumerate(config.sizes)
    }
    for i, stride in enumerate(config.strides):
        width, up = config.encoder_channels << i, config.decoder_channels >> i
        unit, wide = f"encoder.block.{i + 1}.block", f"decoder.model.{i + 2}.block"
        shapes |= {
            f"{unit}.0.block.1.weight": (width, 1, 7),
            f"{unit}.4.weight": (2 * width, width, 2 * stride),
            f"{wide}.1.weight": (up, up // 2, 2 * config.strides[-1 - i]),
            f"{wide}.2.linear.weight": (up // 2, up // 2, 1),
        }
    if config.window:
        shapes["encoder.block.5.to_qkv.weight"] = (3 * config.latent, config.latent)
        shapes["encoder.block.5.rel_pos.inv_freq"] = (config.head // 2,)
    return shapes


@pytest.mark.parametrize("make", PUBLISHED)
def test_published_models_are_known_by_their_sizes_and_rate(make, tmp_path):
    config = make()
    checkpoint = Checkpoint(
        tmp_path / "weights", keys_that_say_the_sizes(config), {"sampling_rate": config.rate}
    )
    found = keys.recognise(checkpoint)
    assert found.name == make.__name__ and SNACConfig(**found.config) == config


def test_a_recording_is_filled_up_to_what_the_published_codec_fills():
    assert on_meta(snac_24khz())._fill(1) + 1 == 2048
    assert on_meta(snac_44khz())._fill(12_289) + 12_289 == 2 * 12_288


@every_codec
@pytest.mark.parametrize("frames", [1, 3, 4, 11, 12, 13, 29])
@pytest.mark.parametrize("more", [-11, 0, 1])
def test_tokens_are_as_many_as_the_recording_has(name, frames, more):
    """And are those of the recording with the silence written out, as far as they go."""
    codec = CODECS[name]
    samples = frames * codec.frame + more
    x = testing.voice(codec, 2, samples)
    codes = codec.to_codes(x)
    frames = -(-samples // codec.frame)
    assert [level.shape[1] for level in codes] == [-(-frames // s) for s in (4, 2, 1)]
    filled = torch.nn.functional.pad(x, (0, codec.model._fill(samples)))
    wanted = cut_codes(codec.spec, codec.to_codes(filled), 0, frames)
    assert all(torch.equal(a, b) for a, b in zip(codes, wanted, strict=True))


@every_codec
def test_a_stream_gives_tokens_as_soon_as_their_window_is_settled(name):
    """In steps of all levels: those that the encoder has settled when a step of sound is in."""
    codec = CODECS[name]
    model, step = codec.model, codec.spec.step
    encoder, given = LiveEncoder(codec), 0
    sound = testing.voice(codec, 1, 20 * step * codec.frame)[0].numpy()
    for i in range(sound.shape[1]):
        given += sum(len(tokens) for tokens in encoder.push(sound[:, i : i + 1]))
        came = (i + 1) // codec.frame // step * step
        assert given == model.encoder.settled(came * codec.frame) // step * step
    assert given > 10 * step


@every_codec
def test_layouts_and_files_lose_nothing(name, tmp_path):
    codec = CODECS[name]
    tokens = codec.encode(Audio(testing.voice(codec, 2, 501)[:, 0].numpy(), codec.rate))
    for layout in testing.layouts().values():
        testing.check_layout_no_loss(layout, tokens)
        vocabulary = Vocabulary.of(tokens.spec, layout, text=100)
        testing.check_vocabulary_no_loss(vocabulary, tokens)
    for ending in ("vcb", "npz", "safetensors"):
        tokens.save(tmp_path / f"x.{ending}")
        assert all(
            np.array_equal(a, b)
            for a, b in zip(
                read_tokens(tmp_path / f"x.{ending}").stacks, tokens.stacks, strict=True
            )
        )


def test_streams_join_at_one_point_of_a_window():
    """Anywhere inside it: they go on, and end, as alone."""
    codec = CODECS["snac-windows"]
    x = testing.voice(codec, 2, 64 * codec.frame)
    ends = (52, 40)  # frames, both four into what is seen together
    states, rows = [], []
    for row, end in enumerate(ends):
        head, tail = x[row : row + 1, :, : end * codec.frame], x[row : row + 1, :, -100:]
        rows.append((head, tail))
        states.append(codec.encode_step(head, codec.start_encoding())[1])
    both = Encoding.stack(states)
    codes, both = codec.encode_step(torch.cat([tail for _, tail in rows]), both)
    codes = join_codes(codec.spec, [codes, codec.finish_encoding(both)])
    for row, (head, tail) in enumerate(rows):
        alone = codec.to_codes(torch.cat([head, tail], 2))
        for a, b in zip(codes.rows(slice(row, row + 1)), alone, strict=True):
            assert torch.equal(a, b[:, -a.shape[1] :]) and a.shape[1] > 1
    with pytest.raises(ModelError, match="stream 1 holds 0 samples, .*; stream 0 48 samples"):
        Encoding.stack([states[0], codec.start_encoding()])
    decoded = codec.decode_step(cut_codes(codec.spec, alone, 0, 16), codec.start_decoding())[1]
    with pytest.raises(ModelError, match="stream 1 is at another point of a step"):
        Decoding.stack([decoded, codec.start_decoding()])


# ---- noise --------------------------------------------------------------------------------------


@pytest.fixture
def codec():
    return Codec(copy.deepcopy(CODECS["snac-windows"].model))


@pytest.fixture
def codes(codec):
    return codec.to_codes(testing.voice(codec, 2, 40 * codec.frame))


def test_decoding_repeats_to_the_bit(codec, codes):
    first = codec.from_codes(codes)
    torch.randn(7)
    assert torch.equal(codec.from_codes(codes), first)
    assert torch.equal(Codec(copy.deepcopy(codec.model)).from_codes(codes), first)


def test_noise_can_be_switched_off_and_changed_while_the_codec_is_in_use(codec, codes):
    first = codec.from_codes(codes)
    codec.model.noise.draw = None
    silent = codec.from_codes(codes)
    codec.model.noise.draw = seeded_noise(7)
    other = codec.from_codes(codes)
    codec.model.noise.draw = lambda block, position: torch.zeros(position.shape)
    assert torch.equal(codec.from_codes(codes), silent)
    codec.model.noise.draw = seeded_noise(0)
    assert torch.equal(codec.from_codes(codes), first)
    apart = [float((a - b).abs().mean()) for a, b in ((first, silent), (first, other))]
    assert min(apart) > 1e-4


def test_noise_is_that_of_the_place_in_a_stream_and_not_of_the_row_in_a_batch(codec):
    """Streams of unlike age step together, each with the noise that it has alone."""
    step = codec.model.frames_decoded_together
    codes = codec.to_codes(testing.voice(codec, 2, 6 * step * codec.frame))
    alone = codec.from_codes(codes)
    states, heard, rows = [], [], []
    for row, age in enumerate((4 * step, 3 * step)):
        own = codes.rows(slice(row, row + 1))
        samples, state = codec.decode_step(
            cut_codes(codec.spec, own, 0, age), codec.start_decoding()
        )
        states.append(state)
        heard.append(samples.shape[2])
        rows.append(cut_codes(codec.spec, own, age, age + step))
    together = Codes(torch.cat(pair) for pair in zip(*reversed(rows), strict=True))
    samples, _ = codec.decode_step(together, Decoding.stack(states[::-1]))
    assert samples.shape[2] == step * codec.frame
    for got, row in zip(samples, (1, 0), strict=True):
        wanted = alone[row, :, heard[row] : heard[row] + samples.shape[2]]
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5)


def test_the_channels_of_a_recording_hear_the_same_noise(codec):
    mono = testing.voice(codec, 1, 400)[0].numpy()
    audio = codec.decode(codec.encode(Audio(np.concatenate([mono, mono]), codec.rate)))
    assert np.abs(audio.samples[0] - audio.samples[1]).max() < 1e-6


def test_training_draws_noise_anew_for_each_item(codec):
    model = codec.model.train()
    x = testing.voice(codec, 1, 40 * codec.frame).repeat(2, 1, 1)
    with torch.random.fork_rng(devices=[]):
        first, second = model(x).audio.detach(), model(x).audio.detach()
        model.noise.draw = None
        silent = model(x).audio
    assert min(float((a - b).abs().mean()) for a, b in ((first, second), first.split(1))) > 1e-4
    assert torch.equal(silent[0], silent[1])


def test_a_copy_has_a_noise_of_its_own(codec):
    other = copy.deepcopy(codec.model)
    other.noise.draw = None
    assert codec.model.noise.draw is not None
    sources = {id(b.source) for b in other.modules() if hasattr(b, "source")}
    assert sources == {id(other.noise)}
