"""The shapes in signatures are those that every example's tensors have."""

import os
import subprocess
import sys
from pathlib import Path

import jaxtyping
import pytest
import torch

from tests.conftest import modules_with_shapes
from vocable import nn

ROOT = Path(__file__).parents[2]
# Laws that run every block, quantizer and codec; then layouts, what learns, and all in steps.
WHOLE = ["tests/laws/test_batch.py"]
MORE = ["tests/laws/test_layouts.py",
        "tests/laws/test_host_settings.py::test_quantizers_ignore_settings",
        "tests/laws/test_steps.py::test_steps_equal_whole",
        "tests/laws/test_no_loss.py"]  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize("laws", [WHOLE, pytest.param(MORE, marks=pytest.mark.slow)])
def test_laws_hold_with_shapes_checked(laws):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *laws],
        cwd=ROOT,
        env={**os.environ, "TESTS_SHAPES": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.alone(TESTS_SHAPES="1")
def test_a_wrong_shape_is_refused():
    with pytest.raises(jaxtyping.TypeCheckError, match="batch time channels"):
        nn.Linear(4, 5)(torch.zeros(3, 4))


def test_the_modules_with_shapes_are_found():
    found = modules_with_shapes()
    assert {"vocable.nn.block", "vocable.tokens.values", "vocable.png"} <= set(found)
    assert "vocable.ratio" not in found
