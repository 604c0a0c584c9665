"""Read ViSQOL's lattice network out of its TFLite file, and hold our evaluation of it to TFLite's.

    python -m benchmarks.lattice --file FILE.tflite [--keep]

Needs `pip install ai-edge-litert`. The file is `lattice_tcditugenmeetpackhref_…_raw.tflite` in
`model/` of google/visqol. `--keep` writes the parameters into the package; else those kept there
are compared.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.measures.neurograms import lattice

KEPT = Path(lattice.__file__).parent / "models" / "lattice.npz"
KINDS = ("fvnsim", "fvnsim10_", "fstdnsim", "fvdegenergy")
BANDS = 21
RANGES = ((0, 1), (-0.1, 1), (0.5, 0), (0, 30))  # of features as they are met, worst and best
NAMES = [f"{kind}{band}" for kind in KINDS for band in range(BANDS)] + ["tau"]


# From a product with the bends of a line back to its input: operations, and which input they feed.
LINE = (("CONCATENATION", 0), ("RELU", 1), ("MINIMUM", 0), ("MUL", 0), ("SUB", 0))
# From what an axis of a cube is weighted with back to its place on it.
AXIS = (("SUB", 0), ("MINIMUM", 1), ("ABS", 0), ("SUB", 0))


class Graph:
    """The operations of a TFLite file, followed from their outputs back."""

    def __init__(self, path: str) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self.run = Interpreter(path, num_threads=1).get_signature_runner("predict")
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # else operations are hidden
        self.interpreter = Interpreter(path, experimental_op_resolver_type=plain)
        self.interpreter.allocate_tensors()
        self.operations = self.interpreter._get_ops_details()
        self.makers = {int(out): op for op in self.operations for out in op["outputs"]}
        details = self.interpreter.get_signature_runner("predict").get_input_details().items()
        self.inputs = {tensor["index"]: NAMES.index(name) for name, tensor in details}

    def constant(self, operation: Any, place: int = 1) -> np.ndarray:
        """Return a constant input of an operation."""
        return np.array(self.interpreter.get_tensor(int(operation["inputs"][place])))

    def before(self, operation: Any, *steps: tuple[str, int]) -> Any:
        """Return the operation so many steps back, each by its kind and the input that it feeds."""
        for kind, place in steps:
            operation = self.makers[int(operation["inputs"][place])]
            if operation["op_name"] != kind:
                found = operation["op_name"]
                raise SystemExit(f"expected {kind}, found {found}: not the network that we know")
        return operation


def main() -> None:
    """Print how far our outputs lie from TFLite's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", required=True, metavar="FILE.tflite")
    parser.add_argument("--keep", action="store_true", help="write the parameters into the package")
    parser.add_argument("--draws", type=int, default=1000)
    options = parser.parse_args()
    graph = Graph(options.file)
    if options.keep:
        np.savez_compressed(KEPT, **parameters(graph))
    ours, theirs = np.array(list(outputs(graph, options.draws))).T
    print(heading(["draws", "outputs from", "to", "largest difference"]))
    span = [f"{theirs.min():.3f}", f"{theirs.max():.3f}"]
    print(row([str(options.draws), *span, f"{np.abs(ours - theirs).max():.1e}"]))
    print(f"\n{describe('ai-edge-litert')}")


def parameters(graph: Graph) -> dict[str, np.ndarray]:
    """Return the arrays that `vocable.measures.neurograms.lattice` computes with."""
    *_, last = graph.operations
    total = graph.before(last, *LINE, ("FULLY_CONNECTED", 0))
    gather = graph.before(total, ("CONCATENATION", 0))
    cubes = [graph.makers[int(tensor)] for tensor in gather["inputs"]]
    axes = [[bend(graph, axis) for axis in axes_of(graph, cube)] for cube in cubes]
    lines = {}
    for layer, _ in (axis for own in axes for axis in own):
        lines[feature(graph, layer)] = layer
    ordered = [line(graph, lines[number]) for number in sorted(lines)]
    return {
        "starts": np.array([starts for starts, _ in ordered]),
        "slopes": np.array([slopes for _, slopes in ordered]),
        "inputs": np.array([[feature(graph, layer) for layer, _ in own] for own in axes], np.uint8),
        "bends": np.array([[graph.constant(layer)[unit] for layer, unit in own] for own in axes]),
        "cubes": np.array([graph.constant(cube)[0] for cube in cubes]),
        "weights": graph.constant(total)[0],
        "last_starts": line(graph, last)[0],
        "last_slopes": line(graph, last)[1],
        "last_bend": graph.constant(last)[0],
    }


def axes_of(graph: Graph, cube: Any) -> list[Any]:
    """Return what the axes of a cube are weighted with, the slowest first."""
    axes = []
    operation = graph.before(cube, ("RESHAPE", 0))
    while operation["op_name"] != "EXPAND_DIMS":
        operation = graph.makers[int(operation["inputs"][0])]
        if operation["op_name"] in ("MUL", "BATCH_MATMUL"):
            axes.append(graph.before(operation, ("EXPAND_DIMS", 1)))
    return [operation, *axes[::-1]]


def bend(graph: Graph, axis: Any) -> tuple[Any, int]:
    """Return the product that bends a feature for an axis, and which of its outputs."""
    place = int(graph.before(axis, *AXIS)["inputs"][0])
    operation, unit = graph.makers[place], 0
    if operation["op_name"] == "SPLIT":
        unit = [int(out) for out in operation["outputs"]].index(place)
        operation = graph.makers[int(operation["inputs"][1])]
    if operation["op_name"] == "ADD":  # of a value for missing features and that of others
        operation = graph.before(operation, ("MUL", 1), ("FULLY_CONNECTED", 1))
    return operation, unit


def line(graph: Graph, layer: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return where the pieces of a line begin, and one over their lengths."""
    slopes = graph.before(layer, *LINE[:-1])
    return graph.constant(graph.before(slopes, LINE[-1])), graph.constant(slopes)


def feature(graph: Graph, layer: Any) -> int:
    """Return the number of the feature that a line bends."""
    value = graph.before(layer, *LINE, ("EXPAND_DIMS", 0))
    return graph.inputs[int(value["inputs"][0])]


def outputs(graph: Graph, draws: int) -> Iterator[tuple[float, float]]:
    """Yield our output and TFLite's for features drawn at random, about a quality of their own."""
    rng = np.random.default_rng(0)
    worst, best = np.repeat(RANGES, BANDS, axis=0).T
    for quality in rng.uniform(size=draws):
        drawn = worst + (best - worst) * rng.beta(10 * quality + 0.1, 10 * (1 - quality) + 0.1)
        values = np.append(drawn, lattice.QUANTILE).astype(np.float32)
        named = {name: value[None] for name, value in zip(NAMES, values, strict=True)}
        yield lattice.predict(values.astype(np.float64)), graph.run(**named)["predictions"].item()


if __name__ == "__main__":
    main()
