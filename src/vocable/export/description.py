"""What codec.json says of an exported codec: its tokens, and what each file takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from vocable.codecs import Codec
from vocable.export.graphs import Graph, Port

FORMAT = "vocable-export-1"


def describe(codec: Codec, to: str, files: Iterable[tuple[Graph, str, int]]) -> dict[str, Any]:
    """Return the facts of codec.json; files: each graph with its file's name and bytes."""
    spec, model = codec.spec, codec.model
    latency = codec.latency
    facts: dict[str, Any] = {
        "format": FORMAT,
        "to": to,
        "name": codec.name,
        "space": spec.space,
        "licence": model.licence,
        "rate_hz": spec.rate,
        "written_rate_hz": spec.writes,
        "channels": spec.channels,
        "samples_per_frame": spec.frame,
        "frames_per_second": float(spec.frame_rate),
        "levels": [
            {"size": level.size, "frames_per_token": level.stride, "role": level.role}
            for level in spec.levels
        ],
        "bits_per_second": {n: float(spec.bitrate(n)) for n in spec.prefixes},
        "latency_s": latency and {"first": float(latency.first), "steady": float(latency.steady)},
        "files": {},
    }
    if noise := _noise(model):
        facts["noise"] = noise
    for graph, name, size in files:
        facts["files"][name] = {
            "bytes": size,
            "inputs": [_port(port) for port in graph.inputs],
            "outputs": [_port(port) for port in graph.outputs],
        }
    return facts | {"vocable": version("vocable"), "torch": version("torch")}


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": list(port.axes)}


def _noise(model: Any) -> str:
    """Say what the decoder adds, where it adds noise."""
    source = getattr(model, "noise", None)
    if source is None:
        return ""
    if source.draw is None:
        return "none"
    return "as the codec has it: a function of block and position, the same at every call"
