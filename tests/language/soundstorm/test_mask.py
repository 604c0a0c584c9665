"""What training hides: the table of the paper, as properties."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.language.soundstorm.mask import draw_mask, level_mask


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    levels=st.integers(1, 5),
    first=st.integers(0, 4),
    seed=st.integers(0, 2**31),
)
def test_what_is_hidden(lengths, levels, first, seed):
    first = min(first, levels - 1)
    torch.manual_seed(seed)
    mask = draw_mask(lengths, levels, first)
    assert mask.hidden.shape == mask.asked.shape == (len(lengths), max(lengths), levels)
    assert mask.asked.any() and not (mask.asked & ~mask.hidden).any()
    for hidden, asked, length in zip(mask.hidden, mask.asked, lengths, strict=True):
        assert not hidden[length:].any() and not hidden[:, :first].any()
        (level,) = asked.any(0).nonzero().flatten().tolist() or [None]
        if level is None:
            continue
        assert not hidden[:, :level].any() and torch.equal(hidden[:, level], asked[:, level])
        above = hidden[:, level + 1 :]
        if above.shape[1]:  # hidden whole, from one frame on to the end; nothing before it
            start = int(above[:, 0].int().argmax())
            assert above[start:length].all() and not above[:start].any()
            assert not asked[:start].any()


def test_levels_begins_and_shares_are_even():
    """A prompt is a third of the frames or less in a third of items; shares have the mean 2/π."""
    torch.manual_seed(0)
    mask = draw_mask([300] * 6000, 3)
    level = mask.asked.any(1).int().argmax(1)
    counts = torch.bincount(level[mask.asked.any((1, 2))], minlength=3) / 6000
    assert counts.tolist() == pytest.approx([1 / 3] * 3, abs=0.01)
    below = mask.hidden[level < 2]
    start = below[..., 2].int().argmax(1)
    assert start.float().mean() == pytest.approx(149.5, abs=4)
    assert (start < 100).float().mean() == pytest.approx(1 / 3, abs=0.02)
    shares = [
        each[int(begin) :].any(1).float().mean()
        for each, begin in zip(mask.asked[level < 2], start, strict=True)
        if begin < 200
    ]
    shares = torch.stack(shares)
    assert shares.mean() == pytest.approx(2 / math.pi, abs=0.02)
    assert (shares < 0.5).float().mean() == pytest.approx(1 / 3, abs=0.03)  # cos(u) < 1/2: u > 60°


def test_a_batch_has_every_level_as_often():
    torch.manual_seed(0)
    mask = draw_mask([400] * 12, 5, given=1)
    assert mask.asked.any(1).sum(0).tolist() == pytest.approx([0, 3, 3, 3, 3], abs=1)


def test_the_draw_follows_torchs_generator():
    torch.manual_seed(4)
    state = torch.get_rng_state()
    first, second = draw_mask([20, 9], 3), draw_mask([20, 9], 3)
    torch.set_rng_state(state)
    again = draw_mask([20, 9], 3)
    assert torch.equal(first.asked, again.asked) and not torch.equal(first.asked, second.asked)


def test_one_pass_hides_a_level_and_all_above():
    mask = level_mask([4, 2], 3, 1)
    assert mask.hidden[0].tolist() == [[False, True, True]] * 4
    assert mask.asked[1].tolist() == [[False, True, False]] * 2 + [[False] * 3] * 2
