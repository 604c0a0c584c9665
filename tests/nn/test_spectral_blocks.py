"""The blocks of Vocos and of what stands before it: oracles, facts, and what they refuse."""

from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F

from vocable import nn
from vocable.errors import ModelError
from vocable.nn import rotary_attention, whole_attention
from vocable.testing.compare import check_rows_equal


def rows(frames: int, channels: int, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, frames, channels, generator=torch.Generator().manual_seed(frames))


def spectra(x: torch.Tensor) -> torch.Tensor:
    """Return `[batch, bins, frames]`, as torch has them."""
    size, phase = x.double().transpose(1, 2).chunk(2, 1)
    return size.exp().clamp(max=100) * torch.exp(1j * phase)


def test_centred_frames_are_the_inverse_transform_of_torch():
    for window, hop, frames in ((16, 4, 9), (14, 5, 6), (12, 6, 2), (16, 4, 1)):
        x = rows(frames, window + 2)
        x[0, 0, 1] = 9.0  # beyond the loudest
        y = nn.InverseSTFT(window, hop, edge="center")(x)
        taper = torch.hann_window(window, dtype=torch.float64)
        wanted = torch.zeros(2, 0)
        if frames > 1:
            wanted = torch.istft(spectra(x), window, hop, window=taper, center=True)
        check_rows_equal("sound", y[..., 0], wanted.float())


def test_frames_in_the_middle_of_their_hop_are_added_and_weighted():
    """As one by one: each frame at its place, divided by the squared windows there."""
    window, hop, frames = 16, 6, 5
    x = rows(frames, window + 2)
    taper = torch.hann_window(window, dtype=torch.float64)
    pieces = torch.fft.irfft(spectra(x), window, dim=1) * taper[:, None]
    total, weight = torch.zeros(2, 40).double(), torch.zeros(40).double()
    for f in range(frames):
        total[:, f * hop : f * hop + window] += pieces[:, :, f]
        weight[f * hop : f * hop + window] += taper**2
    wanted = (total / weight)[:, 5 : 5 + frames * hop]
    check_rows_equal("sound", nn.InverseSTFT(window, hop)(x)[..., 0], wanted.float())


def test_steps_of_an_inverse_transform_are_the_whole_bit_for_bit():
    """Frames are added in one order however they come; only the transforms themselves may round."""
    head, x = nn.InverseSTFT(32, 8), rows(40, 34, batch=1)
    for size in (1, 3, 40):
        check_rows_equal("sound", nn.fold(head, x, size), head(x), atol=1e-7)


def test_facts_of_inverse_transforms():
    same, center = nn.InverseSTFT(1280, 320), nn.InverseSTFT(1024, 256, edge="center")
    assert (same.ratio, same.lookahead, same.short) == (Fraction(320), 2, 0)
    assert [same.settled(n) for n in (0, 1, 2, 3)] == [0, 0, 160, 480]
    assert (center.ratio, center.lookahead, center.short) == (Fraction(256), 2, 256)


def test_an_inverse_transform_keeps_fp32_under_autocast():
    head = nn.Stack(nn.Linear(4, 18), nn.InverseSTFT(16, 4))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert head(rows(9, 4)).dtype == torch.float32


@pytest.mark.parametrize(
    ("window", "hop", "edge"),
    [(16, 9, "same"), (15, 4, "same"), (16, 5, "same"), (16, 0, "center")],
)
def test_transforms_that_cannot_be_are_refused(window, hop, edge):
    with pytest.raises(ModelError, match="needs an even window of two hops or more, and an even"):
        nn.InverseSTFT(window, hop, edge=edge)


@pytest.mark.parametrize("scores", [1 << 24, 60, 1])
def test_every_row_attends_to_all(scores, monkeypatch):
    monkeypatch.setattr(whole_attention, "SCORES", scores)  # rows ask all at once, or some, or one
    block, x = nn.WholeAttention(6), rows(11, 6)
    query, key, value = block.query(x), block.key(x), block.value(x)
    seen = (query @ key.transpose(1, 2) * 6**-0.5).softmax(2)
    check_rows_equal("rows", block(x).detach(), block.out(seen @ value).detach())


def test_heads_attend_each_with_its_own_channels():
    block, x = nn.WholeAttention(6, heads=2, bias=False), rows(5, 6)
    query, key, value = (each(x).chunk(2, 2) for each in (block.query, block.key, block.value))
    seen = [
        (q @ k.transpose(1, 2) * 3**-0.5).softmax(2) @ v
        for q, k, v in zip(query, key, value, strict=True)
    ]
    check_rows_equal("rows", block(x).detach(), block.out(torch.cat(seen, 2)).detach())
    assert block.out.bias is None
    with pytest.raises(ModelError, match="6 channels do not part into 4 heads"):
        nn.WholeAttention(6, heads=4)


@pytest.mark.parametrize(("back", "ahead"), [(None, None), (None, 0), (3, 2), (0, 0), (2, None)])
def test_rotary_attention_sees_so_many_rows_on_either_side(back, ahead, monkeypatch):
    """A row is what it is among those rows alone, wherever they lie: only distance counts."""
    monkeypatch.setattr(rotary_attention, "SCORES", 60)  # so that several tiles ask
    monkeypatch.setattr(rotary_attention, "TILE", 4)
    block, x = nn.RotaryAttention(8, 2, back=back, ahead=ahead), rows(11, 8)
    found = block(x).detach()
    for row in range(11):
        first = 0 if back is None else max(0, row - back)
        seen = x[:, first : 11 if ahead is None else row + ahead + 1]
        one = nn.RotaryAttention(8, 2)
        one.load_state_dict(block.state_dict())
        check_rows_equal("row", found[:, row : row + 1], one(seen).detach()[:, row - first, None])


def test_rotary_attention_turns_queries_against_keys():
    block, x = nn.RotaryAttention(4, 1, base=5.0), rows(3, 4)
    query, key, value = block.query(x), block.key(x), block.value(x)
    pace = torch.tensor([1.0, 5.0**-0.5])
    scores = torch.zeros(2, 3, 3)
    for i in range(3):
        for k in range(3):
            turn = torch.exp(1j * (i - k) * pace)
            q, other = (
                torch.complex(each[:, :2], each[:, 2:]) for each in (query[:, i], key[:, k])
            )
            scores[:, i, k] = (q * turn * other.conj()).real.sum(1) / 2
    check_rows_equal("rows", block(x).detach(), block.out(scores.softmax(2) @ value).detach())
    assert block.key.bias is None and block.query.bias is not None
    assert block(x[:, :0]).shape == (2, 0, 4)


@pytest.mark.parametrize(
    ("channels", "heads", "more", "words"),
    [
        (6, 2, {}, "6 channels in 2 heads; each needs an even number"),
        (8, 2, {"back": -1}, "rows see -1 back and None ahead; give 0 or more, or None"),
    ],
)
def test_rotary_attention_that_cannot_be_is_refused(channels, heads, more, words):
    with pytest.raises(ModelError, match=words):
        nn.RotaryAttention(channels, heads, **more)


def test_what_needs_the_whole_recording_says_so():
    with pytest.raises(ModelError, match="attends to rows on both sides, so it has no steps"):
        nn.RotaryAttention(8, 2).step(rows(3, 8), ())
    attention = nn.WholeAttention(6)
    with pytest.raises(ModelError, match="attends to the whole recording, so it has no steps"):
        attention.step(rows(3, 6), ())
    unit = nn.ResnetBlock(6, groups=3)
    assert unit.lookahead is None and attention.lookahead is None
    with pytest.raises(ModelError, match="GroupNorm takes its statistics over the whole"):
        unit.step(rows(3, 6), unit.initial_state(2))


def test_focal_modulation_multiplies_rows_by_gated_contexts():
    """Row by row, as in the paper: of the past only, and of both sides with the mean over time."""
    x = rows(9, 6)
    for block in (nn.FocalModulation(6, (3, 4)), nn.WholeFocalModulation(6, (3, 4))):
        whole = isinstance(block, nn.WholeFocalModulation)
        query, context, gates = block.into(x).split((6, 6, 2 + whole), 2)
        total = torch.zeros_like(query)
        for n, conv in enumerate(block.convs):
            kernel, seen = conv.weight.shape[2], context
            if whole:
                seen = F.pad(seen, (0, 0, (kernel - 1) // 2, kernel // 2))
            else:  # before the first row lies itself
                seen = torch.cat((seen[:, :1].expand(-1, kernel - 1, -1), seen), 1)
            taps = [seen[:, i : i + 9] * conv.weight[:, 0, i] for i in range(kernel)]
            context = F.gelu(sum(taps) + conv.bias)
            total = total + context * gates[..., n : n + 1]
        if whole:
            total = total + F.gelu(context.mean(1, keepdim=True)) * gates[..., 2:]
        wanted = block.out(query * block.mix(total)).detach()
        check_rows_equal("rows", block(x).detach(), wanted)
    with pytest.raises(ModelError, match="takes the mean over the whole recording, so it has no"):
        block.step(x, ())
    with pytest.raises(ModelError, match=r"kernels are \(3, 0\); give 1 or more, of 1 row or more"):
        nn.FocalModulation(6, (3, 0))


def test_a_resnet_block_is_two_normed_convolutions_beside_a_skip():
    unit, x = nn.ResnetBlock(6, groups=3), rows(9, 6)
    y = x.transpose(1, 2)
    for norm, conv in ((0, 2), (3, 5)):
        norm, conv = unit.branch.blocks[norm], unit.branch.blocks[conv]
        y = F.silu(F.group_norm(y, 3, norm.weight, norm.bias, 1e-6))
        y = F.conv1d(y, conv.weight, conv.bias, padding=1)
    check_rows_equal("rows", unit(x).detach(), (x + y.transpose(1, 2)).detach())
    alone = unit(x[1:])  # statistics are of one item
    check_rows_equal("item", unit(x)[1:].detach(), alone.detach())
