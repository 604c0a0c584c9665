"""A run leaves the setting of denormal numbers as it was."""

import pytest
import torch

from vocable.train.loop import _denormals_flushed, _flushes_denormals


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot flush them")
@pytest.mark.parametrize("before", [False, True])
def test_denormals_are_flushed_inside_only(before: bool) -> None:
    torch.set_flush_denormal(before)
    try:
        with _denormals_flushed():
            assert _flushes_denormals()
        assert _flushes_denormals() == before
    finally:
        torch.set_flush_denormal(False)
