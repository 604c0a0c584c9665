"""A flow: a field that is known in closed form leads from noise to data; others are learnt."""

from __future__ import annotations

import pytest
import torch

from vocable.errors import ModelError
from vocable.nn import Flow, FlowSource, seeded_noise

MEAN, DEVIATION = 2.0, 0.5


def flow(steps: int = 4, channels: int = 2) -> Flow:
    torch.manual_seed(0)
    made = Flow(3, channels, width=8, blocks=1, source=FlowSource(steps=steps))
    return made.eval()


class OfOneNormal(Flow):
    """The velocity that leads to N(MEAN, DEVIATION²): the mean of `data - noise` at a place."""

    def _velocity(self, rows, told, time, state):
        share = (1 - time) ** 2 + (time * DEVIATION) ** 2
        slope = (time * DEVIATION**2 - (1 - time)) / share
        return MEAN + slope * (rows - time * MEAN), state


def of_one_normal(steps: int) -> OfOneNormal:
    return OfOneNormal(1, 4, width=2, blocks=1, source=FlowSource(steps=steps))


@torch.no_grad()
def test_the_exact_field_gives_the_distribution():
    """With many steps; with one, all rows are its mean."""
    told = torch.zeros(1, 2000, 1)
    many = of_one_normal(100)(told)
    assert float(many.mean()) == pytest.approx(MEAN, abs=0.03)
    assert float(many.std()) == pytest.approx(DEVIATION, abs=0.02)
    assert torch.allclose(of_one_normal(1)(told), torch.tensor(MEAN), atol=1e-4)


@torch.no_grad()
def test_the_exact_field_is_off_by_what_cannot_be_known():
    """The mean square that is left is the variance of `data - noise` given the place and time."""
    torch.manual_seed(1)
    data = MEAN + DEVIATION * torch.randn(4000, 8, 4)
    off, ends = of_one_normal(1).drawn(torch.zeros(4000, 8, 1), data)
    times = (torch.arange(1000) + 0.5) / 1000
    left = DEVIATION**2 / ((1 - times) ** 2 + (times * DEVIATION) ** 2)
    assert float(off.square().mean()) == pytest.approx(float(left.mean()), rel=0.03)
    assert float(off.mean()) == pytest.approx(0, abs=0.02)
    assert float(ends.mean()) == pytest.approx(MEAN, abs=0.02)


def test_what_is_drawn_is_learnt():
    """Conditions say the mean, of which only the spread is left to noise."""
    made = flow(steps=16, channels=1).train()
    learns = torch.optim.Adam(made.parameters(), lr=1e-2)
    for _ in range(250):
        told = torch.randn(16, 8, 1).sign()
        off, _ = made.drawn(told.expand(-1, -1, 3), 2 * told + 0.2 * torch.randn(16, 8, 1))
        loss = off.square().mean()
        learns.zero_grad()
        loss.backward()
        learns.step()
    with torch.no_grad():
        for sign in (-1.0, 1.0):
            rows = made.eval()(torch.full((1, 300, 3), sign))
            assert float(rows.mean()) == pytest.approx(2 * sign, abs=0.3)
            assert float(rows.std()) < 0.6


@torch.no_grad()
def test_without_velocities_rows_are_their_noise():
    made = flow(channels=2)
    for part in made.out.parameters():
        part.zero_()
    rows = made(torch.randn(2, 50, 3))
    assert torch.equal(rows[0], rows[1]), "each stream has the noise of its place"
    wanted = seeded_noise(0)(0, torch.arange(100)).reshape(50, 2)
    assert torch.allclose(rows[0], wanted)
    made.source.draw = seeded_noise(1)
    other = made(torch.randn(1, 50, 3))[0]
    assert abs(float((other * rows[0]).mean())) < 0.4
    assert float(other.std()) == pytest.approx(1, abs=0.2)
    made.source.draw = None
    assert not made(torch.randn(1, 5, 3)).any()


@torch.no_grad()
def test_steps_may_be_set_anew_and_a_stream_keeps_its_own():
    made, told = flow(steps=2), torch.randn(1, 6, 3)
    two, state = made(told), made.initial_state(1)
    begun, state = made.step(told[:, :3], state)
    made.source.steps = 5
    rest, _ = made.step(told[:, 3:], state)
    assert torch.allclose(torch.cat([begun, rest], 1), two, atol=1e-5)
    assert not torch.allclose(made(told), two, atol=1e-2)
    made.source.steps = 0
    with pytest.raises(ModelError, match="a flow takes 1 step or more, got 0"):
        made(told)


@torch.no_grad()
def test_times_are_told_apart():
    """Without that, one velocity would be the mean over all times."""
    made, rows = flow(), torch.zeros(1, 1, 2)
    told = made.told(torch.zeros(1, 1, 3))
    found = [
        made._velocity(rows, told, torch.full((1, 1, 1), time), made.trunk.initial_state(1))[0]
        for time in (0.0, 0.25, 0.5, 0.75)
    ]
    apart = [float((a - b).abs().max()) for a, b in zip(found, found[1:], strict=False)]
    assert min(apart) > 1e-3
