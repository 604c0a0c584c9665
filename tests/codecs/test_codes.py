"""Codes as tensors: joined, cut, filled up, stacked; and what goes with them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vocable.codecs import Codes, Decoding, Encoding
from vocable.codecs.codes import as_codes, fill_step, join_codes, split_segments
from vocable.codecs.convert import split_channels
from vocable.codecs.segments import triangle
from vocable.errors import ModelError, TokenError
from vocable.testing import codecs, voice

CODECS = codecs()


def test_a_step_is_filled_with_the_last_token_of_each_level():
    spec = CODECS["three-rates"].spec
    codes = Codes([torch.tensor([[1, 2]]), torch.tensor([[3, 4, 5]]), torch.arange(6)[None]])
    filled = fill_step(spec, codes, 6, spec.step)
    assert [level.tolist() for level in filled] == [
        [[1, 2]], [[3, 4, 5, 5]], [[0, 1, 2, 3, 4, 5, 5, 5]]
    ]  # fmt: skip
    assert fill_step(spec, filled, 8, spec.step) is filled


def test_sides_of_the_whole_item_are_those_of_the_first_part():
    spec = CODECS["item"].spec
    parts = [Codes([torch.zeros(1, 2)] * 3, {"peak": torch.tensor([[n]])}) for n in (0.5, 0.7)]
    joined = join_codes(spec, parts)
    assert joined.sides["peak"].tolist() == [[0.5]] and joined[0].shape == (1, 4)


def test_segments_without_their_side_are_refused():
    spec = CODECS["segments"].spec
    codes = Codes([torch.zeros(1, 20, dtype=torch.int64)] * 3, {"scale": torch.ones(1, 1)})
    with pytest.raises(TokenError, match="side scale is of 1 segments, the codes of more"):
        split_segments(spec, codes)


def test_the_last_channel_stands_in_for_one_that_lacks():
    spec = CODECS["segments"].spec
    given = np.array([[1, 1], [2, 2], [3, 3]], np.float32)
    wanted = [[[1, 1], [2, 2]], [[3, 3], [3, 3]]]
    assert split_channels(spec, given).tolist() == wanted
    three = split_channels(replace(spec, channels=3), np.ones((4, 5), np.float32))
    assert three.shape == (2, 3, 5)


def test_overlapping_segments_fade_in_and_out():
    assert triangle(3, torch.ones(1)).tolist() == [0.25, 0.5, 0.25]


def test_encoding_states_of_other_levels_do_not_stack():
    codec = CODECS["plain"]
    states = [codec.start_encoding(levels=levels) for levels in (1, 2)]
    with pytest.raises(
        ModelError, match="stream 1 holds 0 samples, levels=2; stream 0 0 samples, levels=1"
    ):
        Encoding.stack(states)


def test_decoding_states_keep_the_sides_of_their_streams():
    codec = CODECS["item"]
    peaks = [0.25, 0.5, 0.75]
    states = [codec.start_decoding(sides={"peak": torch.tensor([[peak]])}) for peak in peaks]
    both = Decoding.stack(states)
    assert both.sides["peak"].tolist() == [[peak] for peak in peaks]
    assert both.select([2, 0]).sides["peak"].tolist() == [[0.75], [0.25]]


def test_an_item_side_of_each_stream_makes_its_sound():
    """A stream that left a batch sounds as it did alone, at its own loudness."""
    codec = CODECS["item"]
    codes = codec.to_codes(torch.stack([voice(codec, 1, 320)[0] * gain for gain in (0.2, 1.0)]))
    alone = codec.from_codes(codes)
    items = {"peak": codes.sides["peak"]}
    _, state = codec.decode_step(codes.rows(slice(0, 2)), codec.start_decoding(2, sides=items))
    later, _ = codec.decode_step(codes.rows(slice(1, 2)), state.select([1]))
    first, _ = codec.decode_step(
        codes.rows(slice(1, 2)), codec.start_decoding(sides={"peak": items["peak"][1:]})
    )
    torch.testing.assert_close(first[0, :, :160], alone[1, :, :160], atol=1e-5, rtol=0)
    assert later.abs().max() > 2 * alone[0].abs().max()


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("name", ["plain", "three-rates"])
@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda codes: [level[0] for level in codes], r"wanted one \[batch, tokens\] each"),
        (lambda codes: [*codes, codes[0]], "codes have 4 levels but .* decodes 1, 2, 3"),
        (lambda codes: [level.numpy() for level in codes], "codes are not tensors"),
        (lambda codes: [level.repeat(1 + n, 1) for n, level in enumerate(codes)], "of one batch"),
        (lambda codes: [], "codes have 0 levels"),
    ],
)
def test_codes_that_are_none_of_the_model_are_one_line(name, broken, words):
    codec = CODECS[name]
    codes = list(codec.to_codes(voice(codec, 1, 320)))
    with pytest.raises(TokenError, match=words) as refusal:
        codec.from_codes(broken(codes))
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("shape", [(1, 2, 320), (1, 320), (320,)])
def test_samples_of_another_shape_are_one_line(shape):
    with pytest.raises(ModelError, match=r"wanted \[batch, 1, samples\]$"):
        CODECS["plain"].to_codes(torch.zeros(shape))


def test_codes_of_one_array_need_three_dimensions():
    with pytest.raises(TokenError, match=r"codes are \[3, 4\]; wanted \[batch, levels, frames\]"):
        as_codes(torch.zeros(3, 4))


def test_codes_and_samples_may_enter_a_training():
    """What a codec gives is an ordinary tensor: autograd may save it for its backward pass."""
    codec = CODECS["plain"]
    codes = codec.to_codes(voice(codec, 1, 320))
    table = torch.nn.Embedding(16, 4)
    table(codes[0]).sum().backward()
    assert table.weight.grad.any()
    gain = torch.ones(1, requires_grad=True)
    (gain * codec.from_codes(codes)).square().sum().backward()
    assert gain.grad.any()
