"""The shapes in signatures are those that every example's tensors have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import modules_with_shapes

ROOT = Path(__file__).parents[2]
# That a wrong one is seen, and laws that run every block and codec; then quantizers, layouts, what
# learns, and all in steps. A second length of the first step has no shapes of its own.
WHOLE = ["tests/house/shapes.py", "tests/laws/test_batch.py", "-k", "not leave or 8"]
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


def test_the_modules_with_shapes_are_found():
    found = modules_with_shapes()
    assert {"vocable.nn.block", "vocable.tokens.values", "vocable.png"} <= set(found)
    assert "vocable.ratio" not in found
