"""A book of pitch contours keeps voicing, errs by little, and can be read in Hz."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.codecs.contours import MISMATCH, ContourBook, embed, unembed


def speech_like(count: int, seed: int) -> torch.Tensor:
    """Contours with a level, a slope and gaps, as speech has them."""
    draw = np.random.default_rng(seed)
    level, slope = draw.normal(7.2, 0.4, (count, 1)), draw.normal(0, 0.05, (count, 1))
    hz = 2 ** (level + slope * (np.arange(4) - 1.5)).clip(np.log2(60), np.log2(400))
    gaps = draw.random((count, 1)) < 0.3
    return torch.from_numpy(np.where(gaps & (draw.random((count, 4)) < 0.5), 0, hz)).float()


@pytest.fixture(scope="module")
def book() -> ContourBook:
    torch.manual_seed(0)
    book = ContourBook(256, 4)
    book.learn(speech_like(20_000, seed=1))
    return book.eval()


def test_entries_are_contours_and_entry_0_is_unvoiced(book):
    assert book.hz.shape == (256, 4) and not book.hz[0].any()
    assert (book.hz[1:] > 0).any(-1).all()
    voiced = book.hz[book.hz > 0]
    assert voiced.min() > 55 and voiced.max() < 440
    assert torch.equal(book.encode(torch.zeros(1, 3, 4)), torch.zeros(1, 3, dtype=torch.int64))


def test_unseen_contours_come_back_close(book):
    hz = speech_like(2_000, seed=2)[None]
    again = book.decode(book.encode(hz))
    assert ((hz > 0) == (again > 0)).float().mean() > 0.999
    both = (hz > 0) & (again > 0)
    assert (hz[both] / again[both]).log2().abs().mean() < 0.03, "a third of a semitone"


def test_its_own_contours_keep_their_index(book):
    hz = book.hz[None]
    assert torch.equal(book.decode(book.encode(hz)), hz)


def test_fewer_contours_than_entries_leave_the_rest_unvoiced():
    book = ContourBook(64, 4)
    book.learn(torch.tensor([[100.0, 101.0, 102.0, 103.0], [0, 0, 200.0, 210.0]]).repeat(5, 1))
    assert 1 <= len(book.hz[book.hz.any(-1)].unique(dim=0)) <= 10


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.just(0.0), st.floats(60, 400)), min_size=4, max_size=4))
def test_embedding_inverts_and_measures_octaves(values):
    hz = torch.tensor(values)
    assert torch.allclose(unembed(embed(hz)), hz, rtol=1e-5)
    octave = torch.where(hz > 0, 2 * hz, hz)
    squared = (embed(octave) - embed(hz)).square().sum()
    assert torch.isclose(squared, (hz > 0).sum().float(), rtol=1e-4)
    assert torch.isclose(
        (embed(torch.full((4,), 150.0)) - embed(torch.zeros(4))).square().sum(),
        torch.tensor(4 * MISMATCH**2),
    )
