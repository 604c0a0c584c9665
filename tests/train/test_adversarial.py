"""Discriminators: shapes, who gets which gradient, a bound of the hinge, a toy run of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.train.test_resume import assert_same
from tests.train.toy import make_loop, train
from vocable.train.adversarial import fool, unmask
from vocable.train.discriminators import Discriminators
from vocable.train.recipe import Adversarial

KINDS = {
    "scales": Adversarial(scales=2, channels=4),
    "periods": Adversarial(periods=(2, 3), channels=4),
    "windows": Adversarial(windows=(128, 64), channels=4),
}


def noise(seed: int) -> torch.Tensor:
    return 0.1 * torch.randn(2, 1, 1000, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_each_kind_returns_maps_and_verdicts(plan: Adversarial) -> None:
    found = Discriminators(plan)(noise(0))
    assert len(found) == 2
    assert all(len(maps) >= 5 and maps[-1].shape[:2] == (2, 1) for maps in found)


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_batch_equals_singles(plan: Adversarial) -> None:
    critic = Discriminators(plan)
    whole, single = critic(noise(0)), critic(noise(0)[1:])
    for maps, alone in zip(whole, single, strict=True):
        assert torch.allclose(maps[-1][1:], alone[-1], atol=1e-5)


def test_only_the_codec_learns_from_fooling() -> None:
    critic, decoded = Discriminators(KINDS["scales"]), noise(1).requires_grad_()
    losses = fool(critic, noise(0), decoded)
    (losses["adversarial"] + losses["feature"]).backward()
    assert decoded.grad is not None and decoded.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in critic.parameters())


def test_only_the_critic_learns_from_unmasking() -> None:
    critic, decoded = Discriminators(KINDS["windows"]), noise(1).requires_grad_()
    unmask(critic, noise(0), decoded).backward()
    assert decoded.grad is None
    assert all(p.grad is not None for p in critic.parameters())


def test_equal_signals_have_no_feature_distance_and_cannot_be_told_apart() -> None:
    critic = Discriminators(KINDS["periods"])
    assert float(fool(critic, noise(0), noise(0))["feature"]) == 0
    assert float(unmask(critic, noise(0), noise(0)).detach()) >= 2 - 1e-6  # the hinge's bound


def test_the_critic_learns_to_tell_apart() -> None:
    critic = Discriminators(KINDS["scales"])
    adam = torch.optim.Adam(critic.parameters(), 3e-3)
    for step in range(20):
        loss = unmask(critic, noise(step), 3 * noise(100 + step))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert float(loss.detach()) < 1.5


def test_a_run_with_all_of_it_resumes_exactly(table: dict, manifest: Path, tmp_path: Path) -> None:
    """All three kinds, with the balancer: its norms and the critic are in the checkpoint too."""
    table["adversarial"] = {"scales": 1, "periods": [2], "windows": [64], "channels": 4}
    table["loss"] |= {"balance": True, "complex": 0.5, "complex_windows": [64]}
    whole = train(table, manifest, tmp_path / "whole")
    assert {"critic", "critic_optimizer"} <= whole.keys()
    stopped = {**table, "checkpoints": {**table["checkpoints"], "every_steps": 6}}
    half = {**stopped, "schedule": {**table["schedule"], "steps": 12}}

    loop = make_loop(half, manifest, tmp_path / "half")
    loop.task.begin(resumed=False)
    loop.done = 0.0
    for _ in range(6):
        loop._finished()
        loop._one_step()
    loop.save()
    loop.log.close()
    assert_same(whole, train(half, manifest, tmp_path / "half", resume=True))
