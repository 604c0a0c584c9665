"""Discriminators: shapes, who gets which gradient, values of the losses, a run of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.train.test_resume import assert_same
from tests.train.toy import make_loop, train
from vocable.train.codec.adversarial import discriminator_loss, generator_loss
from vocable.train.codec.discriminators import Discriminators, at_one_level
from vocable.train.codec.recipe import Adversarial

KINDS = {
    "scales": Adversarial(scales=2, channels=4),
    "periods": Adversarial(periods=(2, 3), channels=4),
    "windows": Adversarial(windows=(128, 64), channels=4),
    "band windows": Adversarial(band_windows=(128, 64), channels=4),
    "residual windows": Adversarial(residual_windows=(256, 128), channels=4),
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
    full, half, quarter = Discriminators(Adversarial(scales=3, channels=4)).double().members
    silence = torch.zeros(1, 1, 512, dtype=torch.float64)
    wave_2 = torch.tensor([0.5, -0.5]).repeat(256)[None, None].double()
    wave_4 = torch.tensor([0.5, 0.5, -0.5, -0.5]).repeat(128)[None, None].double()
    for member, wave, differs in (
        (full, wave_2, True),
        (half, wave_2, False),
        (half, wave_4, True),
        (quarter, wave_4, False),
    ):
        apart = (member(wave)[-1] - member(silence)[-1]).abs().max().item()
        assert (apart > 1e-9) == differs
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


def test_least_squares_equal_their_definition() -> None:
    target, output = torch.full((1, 1, 4), 2.0), torch.full((1, 1, 4), -1.0)
    losses = generator_loss(Fixed(), target, output, "least_squares", relative=False)
    assert float(losses["adversarial"]) == pytest.approx(1.25**2)  # (1 - score)², score -0.25
    assert float(losses["feature"]) == pytest.approx(3.0)  # the plain distance
    found = float(discriminator_loss(Fixed(), target, output, "least_squares"))
    assert found == pytest.approx(0.5**2 + 0.25**2)  # (1 - 0.5)² of the target, 0.25² of the output


@pytest.mark.parametrize(("rule", "undecided"), [("hinge", 2.0), ("least_squares", 0.5)])
def test_discriminators_that_guess_lose_the_same_whatever_they_hear(
    rule: str, undecided: float
) -> None:
    """A score in the middle: between -1 and 1 for the hinge, between 0 and 1 for the squares."""
    table = Adversarial(scales=1, rule=rule)
    middle = torch.full((1, 1, 4), 0.0 if rule == "hinge" else 2.0)
    assert float(discriminator_loss(Fixed(), middle, middle, rule)) == table.undecided == undecided


def test_discriminators_may_hear_all_at_one_level() -> None:
    """Removed is an offset, then the level: a peak of 0.8 stays."""
    x = torch.tensor([[[1.0, 3.0, 2.0, 2.0]]])
    assert at_one_level(x).tolist() == [[[pytest.approx(v) for v in (-0.8, 0.8, 0.0, 0.0)]]]
    assert at_one_level(torch.zeros(1, 1, 4)).abs().max() == 0
    for normalise in (True, False):
        table = Adversarial(periods=(2,), channels=4, normalise=normalise)
        found = Discriminators(table)
        loud, quiet = (found(gain * noise(0))[0][-1] for gain in (1.0, 0.1))
        assert torch.allclose(loud, quiet, atol=1e-5) == normalise


def test_discriminators_learn_in_a_share_of_the_steps(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    table["adversarial"] = {"windows": [64], "channels": 4, "update": 0.5}
    task = make_loop(table, manifest, tmp_path / "run").task
    task.losses(task.draw())
    learns = [bool(task.discriminator_losses()) for _ in range(40)]
    assert 10 < sum(learns) < 30
    saved = train(table, manifest, tmp_path / "all")
    (steps,) = {int(state["step"]) for state in saved["discriminator_optimizer"]["state"].values()}
    assert 0 < steps < saved["step"]


def test_the_hinge_is_0_where_the_scores_are_sure() -> None:
    target, output = torch.full((1, 1, 4), 8.0), torch.full((1, 1, 4), -8.0)
    assert float(discriminator_loss(Fixed(), target, output)) == 0
    assert float(generator_loss(Fixed(), output, target)["adversarial"]) == 0


def test_equal_signals_have_no_feature_distance_and_cannot_be_told_apart() -> None:
    discriminators = Discriminators(KINDS["periods"])
    assert float(generator_loss(discriminators, noise(0), noise(0))["feature"]) == 0
    loss = discriminator_loss(discriminators, noise(0), noise(0))
    assert float(loss.detach()) >= 2 - 1e-6  # the hinge's bound


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(KINDS[name], marks=[pytest.mark.slow] * ("band" in name or "residual" in name))
        for name in KINDS
    ],
    ids=KINDS,
)
def test_the_discriminators_learn_to_tell_apart(table: Adversarial) -> None:
    torch.manual_seed(0)
    discriminators = Discriminators(table)
    adam = torch.optim.Adam(discriminators.parameters(), 2e-3)
    for step in range(60):
        loss = discriminator_loss(discriminators, noise(step), 10 * noise(100 + step))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert float(loss.detach()) < 1.2


def test_a_run_with_all_of_it_resumes_exactly(table: dict, manifest: Path, tmp_path: Path) -> None:
    """All kinds, with the balancer: norms and discriminators are in the checkpoint too."""
    table["adversarial"] = {
        "scales": 1, "periods": [2], "windows": [64], "band_windows": [32],
        "residual_windows": [64], "channels": 4, "normalise": True, "rule": "least_squares",
        "update": 0.5,
    }  # fmt: skip
    table["loss"] |= {
        "balance": True,
        "complex": 0.5,
        "complex_windows": [64],
        "spectral": 0.1,
        "spectral_windows": [32, 64],
    }
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
