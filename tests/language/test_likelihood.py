"""Likelihoods of recordings: every code counts once, by networks of all orders and by n-grams."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.train.language.small import CODEC, UNITS, tracks
from vocable.errors import TokenError
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.lessons import Lessons
from vocable.language.likelihood import NetworkLikelihood, NGramLikelihood, Reads, target_of
from vocable.language.ngrams import NGrams
from vocable.language.soundstorm import Condition, SoundStorm, SoundStormConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.tokens import AudioTokens

TRUNK = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=200, dropout=0.5)
BOTH_SIDES = TransformerConfig(
    width=16, layers=1, heads=2, hidden=16, context=200, causal=False, dropout=0.5
)
CODES, SAID = CODEC.to_dict(), UNITS.to_dict()
UNITS_PART = Part("semantic", SAID, 1, dedup=True)
COARSE = Part("acoustic", CODES, 2)
NETWORKS = {
    "delay": lambda: Frames(FramesConfig(TRUNK, CODES, 4)),
    "coarse_first": lambda: Frames(FramesConfig(TRUNK, CODES, 4, "coarse_first")),
    "depth": lambda: Frames(FramesConfig(TRUNK, CODES, 4, "depth", depth=TRUNK)),
    "acoustic_delay": lambda: Frames(FramesConfig(TRUNK, CODES, 4, "acoustic_delay", depth=TRUNK)),
    "flatten": lambda: Stage(StageConfig(TRUNK, Part("acoustic", CODES, 4))),
    "semantic": lambda: Stage(StageConfig(TRUNK, UNITS_PART)),
    "coarse": lambda: Stage(StageConfig(TRUNK, COARSE, (UNITS_PART,))),
    "fine": lambda: Stage(StageConfig(TRUNK, Part("acoustic", CODES, 4, first=2), (COARSE,))),
    "soundstorm": lambda: SoundStorm(
        SoundStormConfig(BOTH_SIDES, CODES, 4, semantic=Condition(SAID))
    ),
}


def made(name: str) -> NetworkLikelihood:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = NETWORKS[name]()
    assert isinstance(network, Reads)
    return NetworkLikelihood(name, network)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_code_counts_once_and_nothing_else(name: str) -> None:
    recording, one = tracks(20, 0), made(name)
    asked = one.network.asked
    target = target_of(recording[asked.track], asked)
    wanted = sum(stack.size for stack in target.stacks[asked.first : asked.last])
    assert one(recording).count == wanted
    assert set(one.reads) <= set(recording) and asked.track in one.reads


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_knows_nothing_tells_codes_apart_by_their_number(name: str) -> None:
    """With all logits 0, a code costs the log of how many could stand where it does."""
    one = made(name)
    with torch.no_grad():
        for weight in one.network.parameters():
            weight.zero_()
    asked, recording = one.network.asked, tracks(20, 0)
    target = target_of(recording[asked.track], asked)
    ends = 0 if name in ("soundstorm", "coarse_first") else 1  # where the first may be the end
    wanted = sum(
        stack.size * math.log(target.spec.levels[level].size + ends * (level == asked.first))
        for level, stack in enumerate(target.stacks)
        if asked.first <= level < asked.last
    )
    found = one(recording)
    if name == "coarse_first":  # its first row has an end that its recordings never come to
        assert wanted <= found.nats <= wanted + 20 * math.log(7 / 6) + 1e-4
    else:
        assert found.nats == pytest.approx(wanted, rel=1e-6)


TWO_LEVELS = {
    "delay": lambda: Frames(FramesConfig(TRUNK, CODES, 2)),
    "depth": lambda: Frames(FramesConfig(TRUNK, CODES, 2, "depth", depth=TRUNK)),
    "flatten": lambda: Stage(StageConfig(TRUNK, COARSE)),
    "coarse": lambda: Stage(StageConfig(TRUNK, COARSE, (UNITS_PART,))),
    "soundstorm": lambda: SoundStorm(SoundStormConfig(BOTH_SIDES, CODES, 2)),
}


@pytest.mark.parametrize("name", TWO_LEVELS)
def test_all_recordings_of_a_frame_share_one(name: str) -> None:
    """Those of the models that may end instead share what that leaves."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        one = NetworkLikelihood(name, TWO_LEVELS[name]())
    said = tracks(1, 0)["semantic"]
    total = 0.0
    for first, second in np.ndindex(6, 6):
        codes = [np.full((1, 1), code) for code in (first, second)]
        total += math.exp(-one({"semantic": said, "acoustic": AudioTokens(CODEC, codes)}).nats)
    if name != "soundstorm":  # the others may end instead, at once
        nothing = {"semantic": said, "acoustic": tracks(1, 0)["acoustic"][:0]}
        told = one.network.nats(Lessons.of([one.network.lesson(nothing)]))
        assert told.levels.tolist() == [one.network.asked.end]
        total += math.exp(-float(told.nats.detach()))
    assert total == pytest.approx(1, abs=1e-5)


def test_a_network_that_learnt_one_speaker_prefers_that_speaker() -> None:
    """One goes to and fro between two codes, as learnt; another goes up by one code a frame."""
    one = made("delay")
    network, lessons = one.network, [one.network.lesson(tracks(30, seed)) for seed in range(8)]
    assert isinstance(network, torch.nn.Module)
    optimizer = torch.optim.AdamW(network.parameters(), 0.02)
    network.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(40):
            optimizer.zero_grad()
            network.nats(Lessons.of(lessons)).nats.mean().backward()
            optimizer.step()
    one = NetworkLikelihood("delay", network)
    for seed in range(100, 110):
        own = tracks(30, seed)["acoustic"]
        up = (np.arange(30)[None] + seed) % 6
        other = AudioTokens(CODEC, [up, *own.stacks[1:]])
        assert one({"acoustic": own}).nats < one({"acoustic": other}).nats


def test_it_is_the_same_again_and_draws_nothing() -> None:
    one, recording = made("soundstorm"), tracks(20, 0)
    before = torch.get_rng_state()
    assert one(recording) == one(recording)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_n_grams_cost_their_bits_and_know_their_own_speaker(order: int) -> None:
    own, other = tracks(200, 0)["acoustic"], tracks(200, 1)["acoustic"]
    random = np.random.default_rng(0)
    noise = AudioTokens(CODEC, [random.integers(0, n.size, (1, 200)) for n in CODEC.levels])
    asked = made("flatten").network.asked
    counted = NGrams.fit([own, other])
    known = NGramLikelihood(counted, asked, CODEC, order)
    found = known({"acoustic": own})
    bits = sum(float(each.sum()) for each in counted.bits(own, order))
    assert found.nats == pytest.approx(bits * math.log(2)) and found.count == 800
    assert found.nats < known({"acoustic": noise}).nats


def test_n_grams_of_some_levels_leave_the_others_out() -> None:
    own = tracks(60, 0)["acoustic"]
    counted = NGrams.fit([own])
    fine, coarse, every = (made(name).network.asked for name in ("fine", "coarse", "flatten"))
    costs = [
        NGramLikelihood(NGrams.fit([target_of(own, asked)]), asked, CODEC, 2)({"acoustic": own})
        for asked in (fine, coarse)
    ]
    whole = NGramLikelihood(counted, every, CODEC, 2)({"acoustic": own})
    assert sum(cost.nats for cost in costs) == pytest.approx(whole.nats)
    assert sum(cost.count for cost in costs) == whole.count


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(TokenError, match=r"delay sees 200 positions, .* takes 30\d; cut it"):
        made("delay")(tracks(300, 0))
    units = {"acoustic": tracks(20, 0)["semantic"]}
    known = NGramLikelihood(
        NGrams.fit([tracks(20, 0)["acoustic"]]), made("flatten").network.asked, CODEC, 1
    )
    with pytest.raises(TokenError, match="acoustic is of units@1:0a, n-grams were counted of toy"):
        known(units)
    with pytest.raises(TokenError, match="units@1:0a"):
        made("flatten")(units)
