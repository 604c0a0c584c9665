"""Write a recorded program as a .pt2 file, which `torch.export.load` reads without vocable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vocable.export.checking import Run
from vocable.export.graphs import Graph
from vocable.export.recording import record

ENDING = ".pt2"


def write(graph: Graph, folder: Path) -> Path:
    """Record a graph and write its file; return where it is."""
    path = folder / (graph.file + ENDING)
    program = record(graph)
    # Without examples a program is not held to what was true of their strides, which is not part
    # of what it computes: some lengths would be refused.
    program._example_inputs = None
    torch.export.save(program, path)
    return path


def run(path: Path) -> Run:
    """Return a written file at work."""
    module = torch.export.load(path).module()

    def call(*given: Tensor) -> Sequence[Tensor]:
        with torch.no_grad():
            found = module(*given)
        return (found,) if isinstance(found, Tensor) else tuple(found)

    return call
