"""Discriminators: shapes, who gets which gradient, values of the losses, a run of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.train.test_resume import assert_same
from tests.train.toy import make_loop, train
from vocable.train.codec.adversarial import discriminator_loss, generator_loss
from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.recipe import Adversarial

KINDS = {
    "scales": Adversarial(scales=2, channels=4),
    "periods": Adversarial(periods=(2, 3), channels=4),
    "windows": Adversarial(windows=(128, 64), channels=4),
}


def noise(seed: int) -> Tensor:
    return 0.1 * torch.randn(2, 1, 1000, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("table", KINDS.values(), ids=KINDS)
def test_each_kind_returns_feature_maps_and_scores(table: Adversarial) -> None:
    found = Discriminators(table)(noise(0))
    assert len(found) == 2
    assert all(len(maps) >= 5 and maps[-1].shape[:2] == (2, 1) for maps in found)


@pytest.mark.parametrize("table", KINDS.values(), ids=KINDS)
def test_batch_equals_singles(table: Adversarial) -> None:
    discriminators = Discriminators(table)
    whole, single = discriminators(noise(0)), discriminators(noise(0)[1:])
    for maps, alone in zip(whole, single, strict=True):
        assert torch.allclose(maps[-1][1:], alone[-1], atol=1e-5)


def test_each_scale_sees_the_waveform_averaged() -> None:
    """A wave of 2 samples is nothing at half the rate, and one of 4 samples nothing at a quarter.

    There the discriminator must say what it says of silence.
    """
    full, half, quarter = Discriminators(Adversarial(scales=3, channels=4)).members
    silence = torch.zeros(1, 1, 512)
    wave_2 = torch.tensor([0.5, -0.5]).repeat(256)[None, None]
    wave_4 = torch.tensor([0.5, 0.5, -0.5, -0.5]).repeat(128)[None, None]
    for member, wave, differs in (
        (full, wave_2, True),
        (half, wave_2, False),
        (half, wave_4, True),
        (quarter, wave_4, False),
    ):
        apart = (member(wave)[-1] - member(silence)[-1]).abs().max().item()
        assert (apart > 1e-4) == differs
    frames = [member(silence)[0].shape[-1] for member in (full, half, quarter)]
    assert frames == [512, 256, 128]


def test_a_period_is_a_column() -> None:
    """What happens at one place of the period leaves the scores of the other places alone."""
    (member,) = Discriminators(Adversarial(periods=(3,), channels=4)).members
    x, y = noise(0), noise(0)
    y[..., 1::3] += 0.5
    changed = (member(x)[-1] - member(y)[-1]).abs().amax(dim=(0, 1, 2))
    assert changed[1] > 1e-4 and changed[0] == changed[2] == 0


def test_only_the_codec_learns_from_the_generator_loss() -> None:
    discriminators, output = Discriminators(KINDS["scales"]), noise(1).requires_grad_()
    losses = generator_loss(discriminators, noise(0), output)
    (losses["adversarial"] + losses["feature"]).backward()
    assert output.grad is not None and output.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in discriminators.parameters())


def test_only_the_discriminators_learn_from_the_discriminator_loss() -> None:
    discriminators, output = Discriminators(KINDS["windows"]), noise(1).requires_grad_()
    discriminator_loss(discriminators, noise(0), output).backward()
    assert output.grad is None
    assert all(p.grad is not None for p in discriminators.parameters())


class Fixed(nn.Module):
    """Two discriminators with one feature map: the signal, and the signal + 1; scores × 0.25."""

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        return [[x, 0.25 * x], [x + 1, 0.25 * x]]


def test_the_losses_equal_their_definition() -> None:
    target, output = torch.full((1, 1, 4), 2.0), torch.full((1, 1, 4), -1.0)
    losses = generator_loss(Fixed(), target, output)
    assert float(losses["adversarial"]) == pytest.approx(1.25)  # max(0, 1 - score), score -0.25
    assert float(losses["feature"]) == pytest.approx((3 / 2 + 3 / 3) / 2)  # over the mean target
    # max(0, 1 - 0.5) of the target, max(0, 1 - 0.25) of the output
    assert float(discriminator_loss(Fixed(), target, output)) == pytest.approx(0.5 + 0.75)


def test_the_hinge_is_0_where_the_scores_are_sure() -> None:
    target, output = torch.full((1, 1, 4), 8.0), torch.full((1, 1, 4), -8.0)
    assert float(discriminator_loss(Fixed(), target, output)) == 0
    assert float(generator_loss(Fixed(), output, target)["adversarial"]) == 0


def test_equal_signals_have_no_feature_distance_and_cannot_be_told_apart() -> None:
    discriminators = Discriminators(KINDS["periods"])
    assert float(generator_loss(discriminators, noise(0), noise(0))["feature"]) == 0
    loss = discriminator_loss(discriminators, noise(0), noise(0))
    assert float(loss.detach()) >= 2 - 1e-6  # the hinge's bound


def test_the_discriminators_learn_to_tell_apart() -> None:
    discriminators = Discriminators(KINDS["scales"])
    adam = torch.optim.Adam(discriminators.parameters(), 3e-3)
    for step in range(20):
        loss = discriminator_loss(discriminators, noise(step), 3 * noise(100 + step))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert float(loss.detach()) < 1.5


def test_a_run_with_all_of_it_resumes_exactly(table: dict, manifest: Path, tmp_path: Path) -> None:
    """All three kinds, with the balancer: norms and discriminators are in the checkpoint too."""
    table["adversarial"] = {"scales": 1, "periods": [2], "windows": [64], "channels": 4}
    table["loss"] |= {"balance": True, "complex": 0.5, "complex_windows": [64]}
    whole = train(table, manifest, tmp_path / "whole")
    assert {"discriminator", "discriminator_optimizer"} <= whole.keys()
    loop = make_loop(table, manifest, tmp_path / "half")
    loop.task.begin(resumed=False)
    for _ in range(6):
        loop._finished()
        loop._one_step()
    loop.save()
    loop.log.close()
    resumed = train(table, manifest, tmp_path / "half", resume=True)
    assert_same(whole, resumed, "model", "average", "discriminator")
