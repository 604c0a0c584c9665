"""CTC against the sum over all paths, and its searches against all texts."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest
import torch

from vocable.errors import ModelError, TokenError
from vocable.language.ctc import ctc_beam, ctc_greedy, ctc_nats, mean_ctc_nats
from vocable.language.letters import Letters


def by_paths(logits: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Return the probability of each text, as the sum over its paths."""
    shares, found = logits.softmax(-1), defaultdict(float)
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        text = tuple(key for key, _ in itertools.groupby(path) if key)
        found[text] += float(torch.prod(torch.stack([shares[k, id] for k, id in enumerate(path)])))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_it_sums_over_all_paths_and_ignores_padding(seed):
    torch.manual_seed(seed)
    logits = torch.randn(2, 6, 3) * 2
    texts, lengths = [(1, 1), (2,)], [5, 3]
    logits[0, 5:], logits[1, 3:] = 1e4, -1e4
    ids = torch.tensor([[1, 1], [2, -1]])
    nats = ctc_nats(logits, lengths, ids, [2, 1])
    for k, (text, length) in enumerate(zip(texts, lengths, strict=True)):
        wanted = -torch.tensor(by_paths(logits[k, :length])[text]).log()
        torch.testing.assert_close(nats[k], wanted, rtol=1e-4, atol=1e-5)


def test_texts_without_room_are_left_out():
    logits = torch.zeros(2, 3, 3)
    ids, counts = torch.tensor([[1, 1, 1], [1, 2, -1]]), [3, 2]
    nats = ctc_nats(logits, [3, 3], ids, counts)
    assert nats[0] == torch.inf and nats[1] < torch.inf
    torch.testing.assert_close(mean_ctc_nats(logits, [3, 3], ids, counts), nats[1] / 2)
    assert mean_ctc_nats(logits[:1], [3], ids[:1], [3]) is None


def test_a_text_without_room_moves_nothing():
    torch.manual_seed(0)
    logits = torch.randn(3, 4, 3, requires_grad=True)
    ids = torch.tensor([[1, 2, 1, 2, 1], [1, 1, 1, -1, -1], [1, 2, -1, -1, -1]])
    mean = mean_ctc_nats(logits, [4, 4, 4], ids, [5, 3, 2])
    (moved,) = torch.autograd.grad(mean, logits)
    (alone,) = torch.autograd.grad(mean_ctc_nats(logits[2:], [4], ids[2:], [2]), logits)
    assert torch.equal(moved, alone) and moved[2].any()


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_likeliest_text(seed):
    torch.manual_seed(seed)
    logits = torch.randn(5, 3)
    texts = by_paths(logits)
    assert tuple(ctc_beam(logits, 500)) == max(texts, key=texts.__getitem__)


def test_a_beam_finds_what_the_likeliest_path_misses():
    logits = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    assert ctc_greedy(logits) == [] and ctc_beam(logits, 2) == [1]


def test_letters_there_and_back():
    letters = Letters(" abcdé")
    assert letters.text(letters.ids("Bad–Cab, dé!")) == "bad cab dé"
    with pytest.raises(TokenError, match="has 'x', which the model's letters lack"):
        letters.ids("bad x")
    with pytest.raises(ModelError, match="each letter once"):
        Letters("aa")
