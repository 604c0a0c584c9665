"""Moshi gives what Kyutai's `moshi` package gave, for a toy.

The tensors beside `moshi/make.py` came from that package; see there.
"""

import numpy as np
import pytest
import torch

from tests.golden.moshi.make import CODES, TEXT
from tests.golden.moshi.opened import (
    CONFIG,
    LATE,
    as_published,
    opened,
    said_by_ours,
    state,
    stored,
)


@pytest.mark.parametrize("layout", ["of today", "published"])
@torch.no_grad()
def test_logits_are_the_package_s(layout):
    """Those of the levels stand at their frames there, and are not numbers where these fell off."""
    tensors = state() if layout == "of today" else as_published(state())
    model, found = opened(tensors, CONFIG)
    assert found.layout == "moshi"
    wanted, ids = stored(), stored()["ids"].long()
    rows = torch.full((2, 25, 17), 0)
    for row, late in enumerate(LATE):
        rows[:, : 1 + late, row] = model.sizes[row] - 1
        rows[:, 1 + late :, row] = ids[:, row, : 24 - late]
    logits = model(rows)
    close = {"rtol": 0, "atol": 1e-4 * float(wanted["text_logits"].abs().max())}
    torch.testing.assert_close(logits.text, wanted["text_logits"], **close)
    for level, late in enumerate(LATE[1:9]):
        frames = wanted["logits"][:, level, : 24 - late]
        found_there = logits.codes[:, late:, level]
        torch.testing.assert_close(found_there, frames, **close)
        assert wanted["logits"][:, level, 24 - late :].isnan().all()


def test_what_is_said_is_what_the_package_says():
    """Two users in one engine, longer than the context."""
    model, _ = opened(state(), CONFIG)
    wanted = stored()
    found = said_by_ours(model, wanted["heard"].long())
    np.testing.assert_array_equal(found, wanted["said"].long().numpy())
    assert len(np.unique(found[:, 1:])) > CODES // 2 and len(np.unique(found[:, 0])) > TEXT // 5
