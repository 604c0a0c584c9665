"""What `test_shapes.py` runs where shapes are checked."""

import jaxtyping
import pytest
import torch

from vocable import nn


def test_a_wrong_shape_is_refused():
    with pytest.raises(jaxtyping.TypeCheckError, match="batch time channels"):
        nn.Linear(4, 5)(torch.zeros(3, 4))
