"""Write a recorded program as an ONNX file, by torch's exporter."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vocable.export.checking import Run
from vocable.export.graphs import Graph
from vocable.export.recording import opaque_operator, record, with_opaque_lstm

ENDING = ".onnx"
OPSET = 20


def write(graph: Graph, folder: Path) -> Path:
    """Record a graph and write its file; return where it is."""
    path = folder / (graph.file + ENDING)
    with _quiet():
        program = torch.onnx.export(
            with_opaque_lstm(record(graph)),
            dynamo=True,
            optimize=False,  # it takes 1e-9 for nothing (findings/onnx-small-constant.sh)
            opset_version=OPSET,
            input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs],
            custom_translation_table=_translations(),
        )
        assert program is not None
        _fold(program.model)
        program.save(path)
    return path


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's exporter from printing, and from warning that torchvision is not here."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        log.setLevel(before)


def _fold(model: Any) -> None:
    """Put functions in place and compute what is constant, as torch's exporter does by default.

    But without onnxscript's rewriting, which takes constants below 1e-8 for 0: `x + 1e-9` for `x`.
    """
    from onnxscript import optimizer
    from onnxscript.ir.passes import common

    common.InlinePass()(model)
    optimizer.fold_constants(model)
    common.RemoveUnusedNodesPass()(model)


def _translations() -> dict[Any, Any]:
    """Return operators that torch's exporter does not know, in ONNX."""
    from onnxscript.function_libs.torch_lib.ops.core import aten_lstm

    return {opaque_operator(): aten_lstm, torch.ops.aten.erfinv.default: _erfinv}


# torch's own coefficients (Giles 2012, "Approximating the erfinv function"), constant last
_NEAR = (-0.140543331, 0.914624893, -1.645349621, 0.886226899)
_NEAR_BELOW = (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0)
_FAR = (1.641345311, 3.429567803, -1.62490649, -1.970840454)
_FAR_BELOW = (1.637067800, 3.543889200, 1.0)


def _erfinv(x: Any) -> Any:
    """Return the inverse of the error function: two quotients, then two of Newton's steps."""
    from onnxscript import opset20 as op

    def constant(value: float) -> Any:
        return op.Constant(value_float=value)

    def polynomial(z: Any, coefficients: Sequence[float]) -> Any:
        found = constant(coefficients[0])
        for coefficient in coefficients[1:]:
            found = op.Add(op.Mul(found, z), constant(coefficient))
        return found

    one = constant(1.0)
    square = op.Mul(x, x)
    near = op.Div(op.Mul(x, polynomial(square, _NEAR)), polynomial(square, _NEAR_BELOW))
    root = op.Sqrt(op.Neg(op.Log(op.Div(op.Sub(one, op.Abs(x)), constant(2.0)))))
    far = op.Div(polynomial(root, _FAR), polynomial(root, _FAR_BELOW))
    y = op.Where(op.LessOrEqual(op.Abs(x), constant(0.7)), near, op.Mul(op.Sign(x), far))
    for _ in range(2):
        slope = op.Mul(constant(2 / 3.141592653589793**0.5), op.Exp(op.Neg(op.Mul(y, y))))
        y = op.Sub(y, op.Div(op.Sub(op.Erf(y), x), slope))
    return y


def run(path: Path) -> Run:
    """Return a written file at work."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]

    def call(*given: Tensor) -> Sequence[Tensor]:
        arrays = (tensor.numpy() for tensor in given)
        found = session.run(None, dict(zip(names, arrays, strict=True)))
        return tuple(torch.from_numpy(array) for array in found)

    return call
