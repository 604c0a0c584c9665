"""The shapes in signatures are checked while the tests run."""

import jaxtyping
import pytest
import torch

from tests.conftest import modules_with_shapes
from vocable import nn


def test_a_wrong_shape_is_refused():
    with pytest.raises(jaxtyping.TypeCheckError, match="batch time channels"):
        nn.Linear(4, 5)(torch.zeros(3, 4))


def test_the_modules_with_shapes_are_found():
    found = modules_with_shapes()
    assert {"vocable.nn.block", "vocable.tokens.values", "vocable.png"} <= set(found)
    assert "vocable.ratio" not in found
