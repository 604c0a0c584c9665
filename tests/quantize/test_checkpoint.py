"""Training that is stopped and resumed is the training that was not."""

import io

import pytest
import torch

from vocable.quantize import KMeans, ResidualVQ

STEPS = 14


def quantizer():
    return ResidualVQ(4, (16, 16), initialise=KMeans(per_entry=3), dropout=0.5).train()


def run(made, first, last):
    """Train from step ``first`` to ``last`` on batches that depend on the step alone."""
    for step in range(first, last):
        found = made(torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(step)))
    return found


@pytest.mark.parametrize("stop", [2, 5, 9])  # the start comes at step 5
def test_resumed_equals_undisturbed(stop):
    torch.manual_seed(0)
    whole = quantizer()
    expected = run(whole, 0, STEPS)

    torch.manual_seed(0)
    stopped = quantizer()
    run(stopped, 0, stop)
    file = io.BytesIO()
    torch.save({"state": stopped.state_dict(), "rng": torch.get_rng_state()}, file)

    torch.manual_seed(99)
    resumed = quantizer()
    saved = torch.load(io.BytesIO(file.getvalue()))
    resumed.load_state_dict(saved["state"])
    torch.set_rng_state(saved["rng"])
    found = run(resumed, stop, STEPS)
    assert torch.equal(found.z, expected.z)
    assert torch.equal(found.codes, expected.codes)
    for key, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[key], value), key


def test_released_entries_are_trained_further_from_where_they_are():
    torch.manual_seed(0)
    first = quantizer()
    run(first, 0, 10)
    first.drop_learning()
    released = first.state_dict()
    entries = [value.clone() for value in released.values()]
    further = ResidualVQ(4, (16, 16), initialise=None).train()
    further.load_state_dict(released, strict=False)
    run(further, 10, 11)
    for before, level in zip(entries, further.stack, strict=True):
        assert (level.codebook.entries - before).norm() < 0.1 * before.norm()
