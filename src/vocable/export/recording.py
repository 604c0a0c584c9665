"""Record a graph by torch.export, for any batch and any length."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from vocable.export.graphs import Graph

OPAQUE = "vocable::lstm"  # what stands for torch's LSTM on the way to ONNX


def record(graph: Graph) -> torch.export.ExportedProgram:
    """Return a graph as a program of torch's operators."""
    dynamic = torch.export.Dim.DYNAMIC
    shapes = tuple(
        {axis: dynamic for axis, size in enumerate(port.axes) if isinstance(size, str)}
        for port in graph.inputs
    )
    # a name for each argument; those of `*rest` share one
    names = [*signature(graph.forward).parameters.values()]
    spread = next((n for n, p in enumerate(names) if p.kind is p.VAR_POSITIONAL), None)
    given: Any = shapes if spread is None else (*shapes[:spread], shapes[spread:])
    examples = graph.examples()
    with torch.no_grad():
        graph(*examples)  # so that windows and other tables that are kept are made of real tensors
        with _any_size(), _opaque_lstm():
            return torch.export.export(graph, examples, dynamic_shapes=given, strict=False)


@contextmanager
def _any_size() -> Iterator[None]:
    """Let sizes of 0 and 1 go where others go, which torch.export takes for special by default."""
    from torch.fx.experimental import _config

    patch: Any = _config.patch  # type: ignore[attr-defined]
    with patch(backed_size_oblivious=True):
        yield


@contextmanager
def _opaque_lstm() -> Iterator[None]:
    """Record an LSTM as one operator: torch takes it apart row by row, for one number of rows.

    The way of torch's own `torch.export._patches`, which puts a loop in its place. One operator is
    what ONNX has, and what torch runs fastest.
    """
    operator = opaque_operator()
    op, key = torch.ops.aten.lstm.input, torch._C.DispatchKey.CompositeImplicitAutograd
    before = op.py_kernels.pop(key, None)
    op.py_kernels[key] = operator
    op._dispatch_cache.clear()
    try:
        yield
    finally:
        del op.py_kernels[key]
        if before is not None:
            op.py_kernels[key] = before
        op._dispatch_cache.clear()


def opaque_operator() -> Any:
    """Return the operator that records torch's LSTM; it knows shapes only."""
    if not hasattr(torch.ops.vocable, "lstm"):
        schema = torch.ops.aten.lstm.input._schema
        arguments = str(schema).partition("(")[2]
        torch.library.define(OPAQUE, f"({arguments}")
        torch.library.register_fake(OPAQUE, _shapes)
    return torch.ops.vocable.lstm.default


def _shapes(
    x: Tensor, state: list[Tensor], *_: object, batch_first: bool = True, **__: object
) -> tuple[Tensor, Tensor, Tensor]:
    hidden, cell = state
    return (
        x.new_empty(*x.shape[:2], hidden.shape[2]),
        hidden.new_empty(hidden.shape),
        cell.new_empty(cell.shape),
    )


def with_opaque_lstm(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """Put `OPAQUE` in the place of each LSTM, so that nothing takes it apart."""
    for module in program.graph_module.modules():  # parts under autocast are modules of their own
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                if node.target is torch.ops.aten.lstm.input:
                    node.target = opaque_operator()
            module.recompile()
    return program
