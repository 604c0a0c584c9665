"""A module's own walk meets what torch's does."""

import torch

from vocable.codecs.mimi import Mimi, mimi
from vocable.nn.walk import every_module


def test_every_module_is_met_once():
    with torch.device("meta"):
        model = Mimi(mimi())
    model.again = model.encoder  # met twice
    model.nothing = None
    found = every_module(model)
    assert set(found) == set(model.modules()) and len(found) == len(set(found))
