"""Layers give what torch's own layers give on the same weights."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from vocable import nn
from vocable.errors import ModelError
from vocable.nn.antialiased import kaiser_taps
from vocable.nn.transposed import from_torch, to_torch


def rows(time: int, channels: int = 4, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, time, channels, generator=torch.Generator().manual_seed(0))


def by_torch(function, x: torch.Tensor, *arguments, **options) -> torch.Tensor:
    """Call one of torch's functions on `[batch, channels, time]`."""
    return function(x.transpose(1, 2), *arguments, **options).transpose(1, 2)


close = torch.testing.assert_close


@given(
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    groups=st.sampled_from([1, 2, 4]),
    pad=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    time=st.sampled_from([1, 3, 9, 20, 300]),
)
def test_convolution(kernel, stride, dilation, groups, pad, time):
    options = {"stride": stride, "dilation": dilation, "groups": groups}
    block = nn.Conv1d(4, 8, kernel, pad=pad, **options)
    x = rows(time)
    if time + sum(pad) < block.span:
        assert block(x).shape == (2, 0, 8)
        return
    padded = F.pad(x, (0, 0, *pad))
    close(block(x), by_torch(F.conv1d, padded, block.weight, block.bias, **options))


@pytest.mark.parametrize("batch, time", [(1, 1), (1, 2), (2, 2), (4, 1), (1, 5), (2, 0)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("channels", [(512, 520), (520, 512)])
def test_maps_of_many_weights_and_few_rows(batch, time, bias, channels):
    block = nn.Linear(*channels, bias=bias)
    x = rows(time, channels[0], batch).requires_grad_()
    close(block(x), F.linear(x, block.weight, block.bias))
    (got,) = torch.autograd.grad(block(x).square().sum(), x)
    (wanted,) = torch.autograd.grad(F.linear(x, block.weight, block.bias).square().sum(), x)
    close(got, wanted)


@given(
    kernel=st.integers(1, 7),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    bias=st.booleans(),
    time=st.sampled_from([1, 5, 15, 40]),
)
def test_depthwise_convolution_of_few_rows_and_of_many(kernel, stride, dilation, bias, time):
    block = nn.DepthwiseConv1d(4, kernel, stride=stride, dilation=dilation, bias=bias)
    padded = F.pad(rows(time), (0, 0, *block.pad))
    options = {"stride": stride, "dilation": dilation, "groups": 4}
    if padded.shape[1] >= block.span:
        wanted = by_torch(F.conv1d, padded, block.weight, block.bias, **options)
        close(block(rows(time)), wanted)


@pytest.mark.parametrize("time, channels", [(1, 4), (2, 4), (7, 4), (600, 64)])
def test_activation_between_filters(time, channels):
    """Of few rows and of many; each filter sees the edge row of its own rate repeated."""
    x, taps = rows(time, channels), kaiser_taps().expand(channels, 1, -1)
    padded = F.pad(x.transpose(1, 2), (5, 5), mode="replicate")
    doubled = 2 * F.conv_transpose1d(padded, taps, stride=2, groups=channels)[..., 15:-15]
    padded = F.pad(doubled.tanh(), (5, 6), mode="replicate")
    wanted = F.conv1d(padded, taps, stride=2, groups=channels).transpose(1, 2)
    close(nn.AntiAliased(channels, nn.Tanh())(x), wanted)


@given(
    taps=st.integers(1, 4),
    stride=st.integers(1, 5),
    time=st.sampled_from([1, 2, 9, 200]),
    data=st.data(),
)
def test_transposed_convolution(taps, stride, time, data):
    kernel = taps * stride
    left = data.draw(st.integers(0, kernel - stride))
    block = nn.ConvTranspose1d(4, 3, kernel, stride=stride, trim=(left, kernel - stride - left))
    weight = to_torch(block.weight, stride)
    assert torch.equal(from_torch(weight, stride), block.weight)
    full = by_torch(F.conv_transpose1d, rows(time), weight, block.bias, stride)
    close(block(rows(time)), full[:, left : left + time * stride])


@given(
    taps=st.integers(1, 3),
    stride=st.integers(1, 4),
    bias=st.booleans(),
    time=st.sampled_from([1, 2, 9, 200]),
    data=st.data(),
)
def test_transposed_convolution_of_each_channel_by_itself(taps, stride, bias, time, data):
    """Of one channel in, or of several that are neighbours."""
    kernel, groups = taps * stride, data.draw(st.sampled_from([2, 4]))
    left = data.draw(st.integers(0, kernel - stride))
    options = {"stride": stride, "groups": groups, "bias": bias}
    block = nn.ConvTranspose1d(4, groups, kernel, trim=(left, kernel - stride - left), **options)
    weight = to_torch(block.weight, stride)
    assert torch.equal(from_torch(weight, stride), block.weight)
    full = by_torch(F.conv_transpose1d, rows(time), weight, block.bias, stride, groups=groups)
    close(block(rows(time)), full[:, left : left + time * stride])


@pytest.mark.parametrize("time", [1, 2, 30])
@pytest.mark.parametrize("stride", [3, 5])
def test_a_transposed_convolution_whose_end_lacks_a_row(stride, time):
    """As torch's with padding on both sides and no output padding."""
    pad = stride // 2 + 1
    block = nn.ConvTranspose1d(4, 3, 2 * stride, stride=stride, trim=(pad, pad), short=1)
    weight = to_torch(block.weight, stride)
    wanted = by_torch(F.conv_transpose1d, rows(time), weight, block.bias, stride, pad)
    assert wanted.shape[1] == time * stride - 1
    close(block(rows(time)), wanted)


@pytest.mark.parametrize("edge", ["reflect", "replicate"])
@pytest.mark.parametrize("pad", [(6, 0), (3, 3)])
@pytest.mark.parametrize("time", [7, 8, 30])
def test_edges(edge, pad, time):
    block = nn.EdgeConv1d(4, 5, 7, edge=edge, pad=pad)
    padded = F.pad(rows(time).transpose(1, 2), pad, mode=edge)
    close(block(rows(time)), F.conv1d(padded, block.weight, block.bias).transpose(1, 2))


@pytest.mark.parametrize("time", [1, 3, 6])
def test_short_input_is_reflected_as_in_encodec(time):
    """Zeros are appended until there is enough to reflect, and cut off after it."""
    block = nn.EdgeConv1d(4, 5, 7, edge="reflect")
    more = 6 - time + 1
    padded = F.pad(F.pad(rows(time).transpose(1, 2), (0, more)), (6, 0), mode="reflect")
    wanted = F.conv1d(padded[..., :-more], block.weight, block.bias).transpose(1, 2)
    close(block(rows(time)), wanted)


def test_encodec_must_hear_seven_frames_before_its_first():
    """Each layer's wait adds up to codecs.md's 2240 samples; then it is one frame behind."""
    convolutions = [nn.EdgeConv1d(1, 1, 7, edge="reflect")]
    for stride in (2, 4, 5, 8):
        convolutions += [
            nn.EdgeConv1d(1, 1, 3, edge="reflect"),
            nn.EdgeConv1d(1, 1, 2 * stride, stride=stride, edge="reflect"),
        ]
    stack = nn.Stack(*convolutions, nn.EdgeConv1d(1, 1, 7, edge="reflect"))
    first = next(n for n in range(320, 9999) if stack.settled(n))
    assert first == 2240
    assert stack.settled(2240) == 7 and stack.settled(2560) == 8
    assert stack.lookahead == 0


def test_normalisations_and_activations():
    x = rows(9)
    for groups in (1, 2, 4):
        group = nn.GroupNorm(groups, 4)
        with torch.no_grad():
            group.weight.copy_(torch.tensor([0.5, 1.0, -2.0, 3.0]))
            group.bias.copy_(torch.tensor([0.1, 0.0, -1.0, 2.0]))
        close(group(x), by_torch(F.group_norm, x, groups, group.weight, group.bias))
    one = nn.GroupNorm(1, 1)
    close(one(torch.full((1, 1, 1), 3.0)), torch.zeros(1, 1, 1))  # which torch refuses
    close(nn.LayerNorm(4, affine=False)(x), F.layer_norm(x, (4,)))
    check_batch_norm(x)
    close(nn.ELU()(x), F.elu(x))
    close(nn.GELU()(x), F.gelu(x))
    snake = nn.Snake(4)
    with torch.no_grad():
        snake.alpha.copy_(torch.tensor([0.5, 1.0, -2.0, 3.0]))
    close(snake(x), x + (snake.alpha * x).sin() ** 2 / snake.alpha)
    kept = x.clone()
    with torch.no_grad():
        close(snake(x), x + (snake.alpha * x).sin() ** 2 / snake.alpha)
    assert torch.equal(x, kept)
    close(nn.Tanh()(x), torch.tanh(x))
    close(nn.Clamp()(3 * x), F.hardtanh(3 * x))
    close(nn.DynamicTanh()(x), torch.tanh(x / 2))  # as it begins
    half, wide = nn.HalfSnake(5), rows(3, 5)
    wanted = (wide[..., :2] + wide[..., :2].sin() ** 2, F.leaky_relu(wide[..., 2:], 0.01))
    close(half(wide), torch.cat(wanted, -1))
    beta = nn.SnakeBeta(4)
    close(beta(x), x + x.sin() ** 2)  # as it begins
    with torch.no_grad():
        beta.alpha.copy_(torch.tensor([0.5, 1.0, -2.0, 3.0]))
        beta.beta.copy_(torch.tensor([-1.0, 0.0, 2.0, 0.5]))
    wanted = x + (beta.alpha.exp() * x).sin() ** 2 / beta.beta.exp()
    close(beta(x), wanted)
    with torch.inference_mode():
        close(beta(x), wanted)


def check_batch_norm(x):
    """It learns what batches are like as torch's does, and is then a map of each row."""
    ours, theirs = nn.BatchNorm(4), torch.nn.BatchNorm1d(4)
    with torch.no_grad():
        ours.weight.copy_(torch.tensor([0.5, 1.0, -2.0, 3.0]))
        ours.bias.copy_(torch.tensor([0.1, 0.0, -1.0, 2.0]))
    theirs.load_state_dict({"weight": ours.weight, "bias": ours.bias}, strict=False)
    for batch in (x, 3 * x + 1):
        close(ours(batch), theirs(batch.transpose(1, 2)).transpose(1, 2))
    close(ours.mean, theirs.running_mean)
    close(ours.var, theirs.running_var)
    with pytest.raises(ModelError, match="BatchNorm learns from a batch, and has 1 row; give it 2"):
        ours(x[:1, :1])
    for block in (ours, theirs):
        block.eval()
    close(ours(x[:1, :1]), theirs(x[:1, 0])[None])


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_snake_in_half_precision_rounds_only_its_result(kind):
    """A large phase, an alpha of 0, one whose inverse is beyond half precision."""
    snake = nn.Snake(4)
    with torch.no_grad():
        snake.alpha.copy_(torch.tensor([60.0, 1.0, 0.0, 1e-5]))
    snake.to(kind)
    x = (30 * rows(300)).to(kind)
    wanted = x.double()
    alpha = snake.alpha.double()
    wanted = wanted + (alpha * wanted).sin() ** 2 / (alpha + 1e-9)
    y = snake(x)
    assert y.dtype == kind
    close(y, wanted.to(kind), rtol=torch.finfo(kind).eps, atol=1e-4)


def test_group_norm_runs_whole_only():
    stack = nn.Stack(nn.Conv1d(4, 4, 3), nn.GroupNorm(1, 4))
    assert stack.lookahead is None and stack.receptive is None
    assert stack(rows(9)).shape == (2, 9, 4)
    with pytest.raises(ModelError, match="run the block whole"):
        stack.step(rows(9), stack.initial_state(2))
    with pytest.raises(ModelError, match="looks ahead without bound"):
        stack.blocks[1].settled(3)


@pytest.mark.parametrize("time", [6, 12, 30])
def test_local_attention(time):
    """Each window by itself through torch's attention, its queries and keys turned by complex
    numbers."""
    block = nn.LocalAttention(8, window=6, head=4)
    x = rows(time, channels=8)

    def turned(x: torch.Tensor) -> torch.Tensor:  # [batch, heads, 6, 4]
        angle = torch.outer(torch.arange(6), 10_000 ** -torch.tensor([0, 0.5]))
        y = torch.complex(x[..., :2], x[..., 2:]) * torch.polar(torch.ones_like(angle), angle)
        return torch.cat((y.real, y.imag), -1)

    for window, y in zip(x.split(6, 1), block(x).split(6, 1), strict=True):
        heads = (window @ block.qkv.weight.T).reshape(2, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
        query, key, value = turned(heads[0]), turned(heads[1]), heads[2]
        shares = (query @ key.transpose(2, 3) / 4**0.5).softmax(-1)
        mixed = (shares @ value).transpose(1, 2).flatten(2)
        close(y, mixed @ block.out.weight.T, atol=1e-5, rtol=1e-5)


def test_noise_is_one_value_a_row_times_a_map_of_it():
    source = nn.NoiseSource(lambda block, position: block + 0.5 * position)
    block, x = nn.NoiseBlock(4, number=3, source=source).eval(), rows(5)
    noise = torch.tensor([3, 3.5, 4, 4.5, 5])[:, None]
    close(block(x), x + noise * (x @ block.weight.T))
    source.draw = None
    assert torch.equal(block(x), x)


def test_a_cumulative_norm_is_that_over_all_of_time_of_what_has_come():
    x = rows(9)
    found, whole = nn.CumulativeNorm(4), nn.GroupNorm(1, 4)
    with torch.no_grad():
        for each in (found, whole):
            each.weight.copy_(torch.tensor([0.5, 1.0, -2.0, 3.0]))
            each.bias.copy_(torch.tensor([0.1, 0.0, -1.0, 2.0]))
    for end in range(1, 10):
        close(found(x)[:, end - 1], whole(x[:, :end])[:, -1])


def test_a_cumulative_norm_does_not_tire():
    """After an hour of frames around a large mean, a row is normalised as after a second."""
    norm = nn.CumulativeNorm(4)
    long = torch.tensor([[4 * 3_600_000 * 5.0, 4 * 3_600_000 * 26.0, 4 * 3_600_000]]).double()
    x = 5 + rows(1, batch=1)
    close(norm.step(x, long)[0], x - 5, atol=1e-4, rtol=0)


def slopes(y: torch.Tensor, *of: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad((y * rows(y.shape[1], y.shape[2])).sum(), of)


@pytest.mark.parametrize("share", [0.25, 0.0, -0.5, 2.0])
def test_prelu_and_its_gradients_are_those_of_torch(share):
    block = nn.PReLU()
    with torch.no_grad():
        block.weight.fill_(share)
    x = rows(9).requires_grad_()
    wanted = F.prelu(x, block.weight)
    close(block(x), wanted)
    for found, other in zip(
        slopes(block(x), x, block.weight), slopes(wanted, x, block.weight), strict=True
    ):
        close(found, other)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kernel, dilation", [(3, 2), (3, 8), (2, 5), (5, 3)])
def test_gradients_of_dilated_depthwise_convolutions_are_those_of_torch(kernel, dilation, bias):
    block = nn.DepthwiseConv1d(4, kernel, dilation=dilation, pad=(3, 4), bias=bias)
    x = rows(60).requires_grad_()
    padded = F.pad(x, (0, 0, 3, 4))
    how = {"dilation": dilation, "groups": 4}
    wanted = by_torch(F.conv1d, padded, block.weight, block.bias, **how)
    close(block(x), wanted)
    of = (x, *block.parameters())
    for found, other in zip(slopes(block(x), *of), slopes(wanted, *of), strict=True):
        close(found, other)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_leaky_rectifier(slope):
    x = rows(9)
    close(nn.LeakyReLU(slope)(x), F.leaky_relu(x, slope))
    with torch.inference_mode():
        written = torch.empty_like(x)
        nn.LeakyReLU(slope).write(x, written)
    assert torch.equal(written, F.leaky_relu(x, slope))


def test_mean_of_blocks():
    blocks = nn.Conv1d(4, 6, 3, pad=(1, 1)), nn.Linear(4, 6)
    x = rows(9)
    close(nn.Mean(*blocks)(x), (blocks[0](x) + blocks[1](x)) / 2)
    with pytest.raises(ModelError, match="keep the rate"):
        nn.Mean(nn.Conv1d(4, 6, 4, stride=2))
