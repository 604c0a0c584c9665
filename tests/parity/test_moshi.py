"""Moshi against Kyutai's `moshi` package: its golden tensors, and weights of other shapes."""

import os

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.golden.moshi import make as golden
from tests.golden.moshi.opened import CONFIG, opened, said_by_ours
from tests.parity.peers import peer


def test_golden_tensors_are_the_package_s():
    """Or write them, where VOCABLE_WRITE_GOLDEN is set."""
    peer("moshi")
    if os.environ.get("VOCABLE_WRITE_GOLDEN"):
        golden.write()
    stored, made = load_file(golden.FILE), golden.make()
    assert stored.keys() == made.keys()
    for key, value in made.items():
        torch.testing.assert_close(stored[key], value, rtol=0, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("delay", [0, 2])
def test_other_delays(delay):
    """Hibiki's and others' rows are late otherwise; so was the model of the paper, by 2."""
    peer("moshi")
    delays = [0, 0, *[delay] * 7, 0, *[delay] * 7]
    heard = torch.randint(0, golden.CODES, (1, 8, 20), generator=torch.Generator().manual_seed(2))
    with golden.uncompiled():
        model = golden.moshi_model(delays=delays)
        wanted = _said_late(model, heard, delay)
    ours, _ = opened(model.state_dict(), {**CONFIG, "delays": delays})
    np.testing.assert_array_equal(said_by_ours(ours, heard), wanted)


def _said_late(model, heard, delay):
    from moshi.models import LMGen

    loop = LMGen(model, use_sampling=False, check=True)
    with loop.streaming(1), torch.no_grad():
        frames = [loop.step(heard[:, :, step : step + 1]) for step in range(heard.shape[2])]
    assert [each is None for each in frames] == [step < delay for step in range(len(frames))]
    return torch.cat([each for each in frames if each is not None], 2)
