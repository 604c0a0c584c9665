"""Sizes of a recorded graph stay short, else reading a file of it back takes minutes, or hours."""

from __future__ import annotations

import pytest
import torch

from vocable.codecs.snac import SNAC, snac_tiny
from vocable.export.graphs import Decoder, Encoder, graphs_of
from vocable.export.recording import record
from vocable.testing.codec_examples import small_codec


@pytest.mark.parametrize("graph", [Encoder, pytest.param(Decoder, marks=pytest.mark.slow)])
def test_sizes_do_not_grow_with_the_number_of_blocks(graph):
    """A comparison of lengths that stays open doubles each size after it."""
    with torch.random.fork_rng(devices=[]):
        model = SNAC(snac_tiny())
    model.quantizer.drop_learning()
    program = record(graph(model.eval()))
    tensors = [node.meta.get("val") for node in program.graph.nodes]
    sizes = {str(size) for each in tensors if isinstance(each, torch.Tensor) for size in each.shape}
    assert max(map(len, sizes)) < 100


def test_a_state_that_fills_after_the_start_has_no_graph_of_a_step():
    """Nothing comes into Voxtral's first edge before some rows have."""
    assert len(graphs_of(small_codec("voxtral").model)) == 2
