"""Ids are drawn as published: against transformers, against the table of chances, by hand."""

import pytest
import torch

from vocable.errors import ModelError
from vocable.language import filters
from vocable.language.sampler import Sampler, Stream
from vocable.language.sampling import GREEDY, RepetitionAware, RepetitionPenalty, Sampling

CPU = torch.device("cpu")


def stream(sampling, place=0, seed=0, **more):
    generator = torch.Generator().manual_seed(seed)
    return Stream((sampling,), generator, **{"against": place, "follows": place, **more})


def drawn(sampling, logits, steps=1, before=(), streams=1):
    """Draw from the same logits, stream by stream of other seeds; return the ids of all."""
    sampler = Sampler(streams, 1, CPU)
    sampler.set_streams([stream(sampling, seed, seed) for seed in range(streams)])
    for id in before:
        only = torch.zeros(streams, 1, len(logits), dtype=torch.bool)
        only[:, :, id] = True
        sampler.begin(only)
        assert (sampler.draw(0, torch.zeros(streams, len(logits))) == id).all()
        sampler.end()
    found = []
    for _ in range(steps):
        sampler.begin(None)
        found.append(sampler.draw(0, logits.repeat(streams, 1)))
        sampler.end()
    return torch.stack(found, 1).flatten().tolist()


def logits(ids=12, seed=0):
    return 2 * torch.randn(ids, generator=torch.Generator().manual_seed(seed))


def kept(rows):
    return rows > -torch.inf


@pytest.mark.parametrize("k", [1, 3, 12, 40])
def test_top_k_is_that_of_transformers(k):
    theirs = pytest.importorskip("transformers").TopKLogitsWarper(k)
    rows = torch.stack([logits(seed=seed) for seed in range(4)])
    found = filters.top_k(rows, torch.full((4, 1), k), k)
    torch.testing.assert_close(found, theirs(None, rows))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.99])
def test_top_p_is_that_of_transformers(p):
    theirs = pytest.importorskip("transformers").TopPLogitsWarper(p)
    rows = torch.stack([logits(seed=seed) for seed in range(8)])
    torch.testing.assert_close(filters.top_p(rows, torch.full((8, 1), p)), theirs(None, rows))


def test_the_penalty_is_that_of_transformers():
    theirs = pytest.importorskip("transformers").RepetitionPenaltyLogitsProcessor(1.3)
    rows, ids = (
        torch.stack([logits(seed=seed) for seed in range(4)]),
        torch.arange(20).view(4, 5) % 12,
    )
    found = filters.penalised(rows, ids, torch.full((4, 1), 1.3))
    torch.testing.assert_close(found, theirs(ids, rows.clone()))
    nothing = torch.full((4, 5), filters.EMPTY)
    assert torch.equal(filters.penalised(rows, nothing, torch.full((4, 1), 1.3)), rows)


def test_streams_filter_each_by_its_own():
    rows = logits().repeat(4, 1)
    found = filters.top_k(rows, torch.tensor([[1], [0], [5], [12]]), 12)
    assert kept(found).sum(1).tolist() == [1, 12, 5, 12]
    found = filters.top_p(rows, torch.tensor([[0.0], [2.0], [1e-9], [1.0]]))
    assert kept(found).sum(1).tolist() == [1, 12, 1, 12]


def test_equal_logits_are_kept_together():
    rows = torch.tensor([[1.0, 3.0, 3.0, 3.0, 0.0]])
    assert kept(filters.top_k(rows, torch.tensor([[2]]), 2)).tolist()[0] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert kept(filters.top_p(rows, torch.tensor([[0.4]]))).sum() == 3


def test_a_chance_falls_where_its_share_lies():
    rows = torch.tensor([0.1, 0.0, 0.6, 0.3]).log().repeat(5, 1)
    chance = torch.tensor([0.0, 0.099, 0.101, 0.699, 0.701]).double()[:, None]
    assert filters.draw(rows, chance).tolist() == [0, 0, 2, 2, 3]
    assert filters.draw(rows[:1], torch.tensor([[1 - 2.0**-24]]).double()).tolist() == [3]


@pytest.mark.parametrize("sampling", [Sampling(0.8), Sampling(1.5, top_k=4), Sampling(top_p=0.7)])
def test_draws_are_distributed_as_they_should(sampling):
    rows, steps = logits(8), 4000
    wanted = rows / sampling.temperature
    if sampling.top_k:
        wanted = filters.top_k(wanted[None], torch.tensor([[4]]), 4)[0]
    if sampling.top_p:
        wanted = filters.top_p(wanted[None], torch.tensor([[0.7]]))[0]
    wanted = wanted.softmax(0)
    found = (
        torch.bincount(torch.tensor(drawn(sampling, rows, 4, streams=1000)), minlength=8) / steps
    )
    assert (found - wanted).abs().max() < 4 * (0.25 / steps) ** 0.5
    assert not found[wanted == 0].any()


def test_greedy_takes_the_first_of_the_likeliest():
    rows = torch.tensor([0.0, 2.0, 2.0, -1.0])
    assert drawn(GREEDY, rows, 3) == [1, 1, 1]
    both = Sampler(2, 1, CPU)
    both.set_streams([stream(GREEDY), stream(Sampling(), 1)])
    both.begin(None)
    assert both.draw(0, rows.repeat(2, 1))[0] == 1


def test_the_window_of_a_penalty_forgets():
    rows = torch.tensor([1.0, 0.9, -5.0])
    sampling = Sampling(0.0, penalty=RepetitionPenalty(2.0, 2))
    assert drawn(sampling, rows, 6) == [0, 1, 0, 0, 1, 0]


LIKELY = torch.tensor([0.9, 0.06, 0.04]).log()  # a nucleus of 0.5 is id 0 alone


def test_vall_e_2_draws_from_all_where_the_share_is_more_than_its_limit():
    """1 of 10 is not more than 0.1, 2 of 10 are."""
    aware = Sampling(top_p=0.5, aware=RepetitionAware("vall-e-2", 10, 0.1))
    assert set(drawn(Sampling(top_p=0.5), LIKELY, streams=300)) == {0}
    assert drawn(aware, LIKELY, 2) == [0, 0]  # the second finds one before it
    found = drawn(aware, LIKELY, before=(0, 0), streams=3000)
    share = found.count(0) / len(found)
    assert 0.88 < share < 0.92 and {1, 2} <= set(found)


def test_cosyvoice_draws_another_where_it_came_once():
    aware = Sampling(top_p=0.5, aware=RepetitionAware("cosyvoice", 10, 0.1))
    found = drawn(aware, LIKELY, 60)
    for time, id in enumerate(found):
        assert id != 0 or 0 not in found[max(0, time - 10) : time]
    assert drawn(aware, LIKELY, 1, before=(0,) + (1,) * 10) == [0]  # eleven before: forgotten


def test_the_published_limits():
    assert RepetitionAware("vall-e-2").least == 2 and RepetitionAware("cosyvoice").least == 1
    assert RepetitionAware("cosyvoice", 25, 0.1).least == 3
    assert RepetitionAware("vall-e-2", 20, 0.1).least == 3


def test_guidance_leaves_others_to_the_last_bit():
    rows, without = logits()[None], logits(seed=1)[None]
    scale = torch.tensor([[1.0]])
    assert torch.equal(filters.guided(rows, without, scale), rows)
    torch.testing.assert_close(filters.guided(rows, without, 3 * scale), 3 * rows - 2 * without)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sampling(-1.0), "temperature must be 0 or more but is -1.0"),
        (lambda: Sampling(float("nan")), "temperature must be 0 or more but is nan"),
        (lambda: Sampling(top_k=0), "top_k must be at least 1 but is 0; None keeps all ids"),
        (lambda: Sampling(top_p=1.2), "top_p must be from 0 to 1 but is 1.2; None keeps all ids"),
        (lambda: Sampling(top_k=2.5), "top_k must be at least 1 but is 2.5; None keeps all ids"),
        (
            lambda: Sampling(guidance=float("nan")),
            "guidance must be a number but is nan",
        ),
        (lambda: RepetitionPenalty(float("nan")), "needs a factor above 0 and a window"),
        (lambda: RepetitionPenalty(0.0), "needs a factor above 0 and a window of at least 1"),
        (lambda: RepetitionAware(window=0), "needs a window of at least 1 and a share"),
    ],
)
def test_settings_that_cannot_be(make, message):
    with pytest.raises(ModelError, match=message):
        make()


def test_a_temperature_near_0_is_greedy():
    """Logits divided by it would be infinite."""
    rows = logits()
    assert drawn(Sampling(1e-42), rows, 3) == drawn(GREEDY, rows, 3)
